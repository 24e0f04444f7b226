import { bench } from "../bench";
import type { Run } from "../run";
import type { TheoremRun } from "../tree";
import { counted, sentence, verdict } from "../words";
import { CoqText } from "./CoqText";
import { Diff } from "./Diff";
import { RunView } from "./RunView";
import { Mark, type Shown } from "./Mark";

/** What is looked at: the theorem that was chosen, or the work on one. */
export function Stage() {
  const { run, route } = bench;
  const starting = run !== null && run.id === "" && bench.owned;
  const here = run !== null && (starting || (route.page === "attempt" && run.id === route.id));
  return (
    <main id="main" class="stage" tabIndex={-1} aria-label="Proof">
      {!here && run !== null && !run.over && bench.owned ? <Elsewhere run={run} /> : null}
      {here ? <Shown run={run} key={run.asked.title + run.id} /> : <Waiting />}
    </main>
  );
}

function Elsewhere({ run }: { run: Run }) {
  return (
    <p class="elsewhere">
      <Mark state="working" />
      <span>
        {run.theorem?.name ?? run.asked.title} is being worked on. <a href={`#/attempt/${run.id}`}>Look at it</a>
      </span>
    </p>
  );
}

function Waiting() {
  const { theorem, route } = bench;
  if (route.page === "attempt")
    return <div class="empty">{bench.fault === "" ? <p class="quiet">Opening the attempt …</p> : <Start />}</div>;
  if (route.page === "paste") return <PasteHelp />;
  if (theorem === null) return <Start />;
  return (
    <article class="ready">
      <p class="place">
        {bench.project} · {theorem.file} · {theorem.kind}
      </p>
      <h1>{theorem.name}</h1>
      <CoqText text={theorem.statement} label="Statement" />
      <p class="quiet">
        Press Prove, or <kbd>Ctrl</kbd> <kbd>Enter</kbd>. The proof that stands in the file is not looked at.
      </p>
    </article>
  );
}

function Start() {
  return (
    <div class="empty">
      <h1>Choose a theorem, and watch it being proved.</h1>
      <ol class="steps">
        <li>
          <Mark state="open" /> <span>Every goal is a line of the tree: open at first,</span>
        </li>
        <li>
          <Mark state="working" /> <span>then worked on, often several at one time,</span>
        </li>
        <li>
          <Mark state="closed" /> <span>then closed. What failed is kept, with Coq’s words.</span>
        </li>
      </ol>
      <p class="quiet">Only a script that the checker has accepted from scratch is called a proof.</p>
    </div>
  );
}

function PasteHelp() {
  return (
    <div class="empty">
      <h1>Paste Coq.</h1>
      <p>
        A text that ends with a statement: the statement is proved, after all that stands before it. A text with{" "}
        <code>Admitted.</code>, <code>admit</code>, <code>Abort.</code> or <code>(* prove *)</code>: each gap is filled,
        and you get the text back with the changes marked.
      </p>
    </div>
  );
}

function Shown({ run }: { run: Run }) {
  const { theorem } = run;
  if (run.asked.kind === "fill") return <Filling run={run} />;
  return theorem === null ? <Quiet run={run} /> : <RunView key={run.id} run={run} theorem={theorem} />;
}

/** Before the first event. */
function Quiet({ run }: { run: Run }) {
  return (
    <article class="ready">
      <p class="place">{run.asked.place}</p>
      <h1>{run.asked.title || (run.asked.kind === "fill" ? "Pasted text" : "Attempt")}</h1>
      {run.asked.statement === "" ? null : <CoqText text={run.asked.statement} label="Statement" />}
      <p class="quiet">{run.phase === "waiting" ? "Waiting for its turn …" : "Asking the prover …"}</p>
    </article>
  );
}

function Filling({ run }: { run: Run }) {
  const { fill, theorems } = run;
  if (theorems.length === 0)
    return run.over ? (
      <article class="ready">
        <p class="place">{run.asked.place}</p>
        <h1>{run.verdict === null ? "There is nothing to fill" : verdict(run.verdict)}</h1>
        <p>
          {sentence(fill?.message ?? "") || "No theorem of the text is Admitted, Aborted, admitted in part, or marked."}
        </p>
      </article>
    ) : (
      <Quiet run={run} />
    );
  const done = theorems.filter((one) => one.ending?.verdict === "PROVED").length;
  const looked = theorems[bench.looked ?? run.current] ?? theorems[0];
  return (
    <article>
      <p class="place">{run.asked.place || "Text"}</p>
      <h1>
        {run.over
          ? `${done} of ${counted(theorems.length, "gap")} filled`
          : `Filling ${counted(theorems.length, "gap")}`}
      </h1>
      {!run.over ? null : fill === null || run.verdict !== null ? (
        <p>{unfinished(done)}</p>
      ) : run.asked.text !== null ? (
        <Diff text={run.asked.text} fill={fill} />
      ) : (
        <CoqText text={fill.text} label="The text with its gaps filled" copy="Copy the whole text" />
      )}
      <ol class="gaps" aria-label="Theorems of the text">
        {theorems.map((one, number) => (
          <li key={number}>
            <button
              type="button"
              aria-pressed={one === looked}
              onClick={() => {
                bench.looked = number;
                bench.changed();
              }}
            >
              <Mark state={state(run, one, number)} />
              <span class="name">{one.name}</span>
              <span class="quiet">{said(run, one, number)}</span>
            </button>
          </li>
        ))}
      </ol>
      {looked === undefined ? null : <RunView key={theorems.indexOf(looked)} run={run} theorem={looked} inner />}
    </article>
  );
}

/** What becomes of the text where the work ended before all of it was looked at. */
function unfinished(done: number): string {
  if (done === 0) return "The work ended before a gap was filled.";
  const found = done === 1 ? "The proof that was found stands" : "The proofs that were found stand";
  return `The work ended before the text was put together. ${found} below, checked one by one.`;
}

function state(run: Run, one: TheoremRun, number: number): Shown {
  if (one.ending?.verdict === "PROVED") return "closed";
  if (one.ending !== null) return one.ending.verdict === "CANCELLED" ? "open" : "failed";
  return number === run.current && !run.over ? "working" : "open";
}

function said(run: Run, one: TheoremRun, number: number): string {
  if (one.ending !== null) return verdict(one.ending.verdict).toLowerCase();
  return number === run.current && !run.over ? "being worked on" : one.why;
}
