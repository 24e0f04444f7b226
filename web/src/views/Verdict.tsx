import { useState } from "preact/hooks";
import { bench } from "../bench";
import type { Ending, StageCost } from "../contract";
import type { Run } from "../run";
import type { TheoremRun } from "../tree";
import { counted, how, seconds, sentence, stage, verdict } from "../words";
import { CoqText } from "./CoqText";

/** What came of it: the script with what it rests on, or why there is none. */
export function Verdict({ run, theorem, ending }: { run: Run; theorem: TheoremRun; ending: Ending }) {
  const proved = ending.verdict === "PROVED";
  const budget = theorem.budget ?? run.asked.budget;
  const elapsed = ending.wall_s || theorem.at;
  return (
    <section class={`verdict ${proved ? "proved" : ending.verdict.toLowerCase()}`} aria-label="Verdict">
      <p class="outcome">
        <Seal proved={proved} />
        {verdict(ending.verdict)}
        <span class="quiet">{proved ? "accepted by the checker from scratch" : ""}</span>
      </p>
      {proved ? <Proof ending={ending} /> : <Failure ending={ending} />}
      {ending.verdict === "ERROR" ? null : (
        <dl class="figures">
          {proved ? (
            <div class="wide">
              <dt>Found by</dt>
              <dd>{how(ending.how)}</dd>
            </div>
          ) : null}
          <div>
            <dt>CPU</dt>
            <dd>
              {seconds(theorem.cpu ?? 0)}
              {budget === null ? "" : ` of ${seconds(budget)}`}
            </dd>
          </div>
          <div>
            <dt>Time</dt>
            <dd>{seconds(elapsed)}</dd>
          </div>
          {ending.model === "" ? null : (
            <div>
              <dt>Model</dt>
              <dd>
                {ending.model}, {counted(ending.model_answers, "answer")}
              </dd>
            </div>
          )}
          {ending.coq_version === "" ? null : (
            <div>
              <dt>Coq</dt>
              <dd>
                {ending.coq_version}
                {ending.toolchain === "" ? "" : ` (${ending.toolchain})`}
              </dd>
            </div>
          )}
        </dl>
      )}
      {ending.stages.length === 0 ? null : <Stages stages={ending.stages} />}
      {run.id === "" ? null : <Link id={run.id} />}
    </section>
  );
}

function Proof({ ending }: { ending: Ending }) {
  return (
    <>
      {ending.prelude === "" ? null : (
        <>
          <p class="quiet">Before the theorem it needs</p>
          <CoqText text={ending.prelude} label="What the script needs before the theorem" copy="Copy" />
        </>
      )}
      <CoqText text={ending.script} label="Script" copy="Copy the script" />
      {ending.axioms.length === 0 ? (
        <p class="axioms">Closed under the global context.</p>
      ) : (
        <div class="axioms">
          <p>It rests on {counted(ending.axioms.length, "axiom")}:</p>
          <ul>
            {ending.axioms.map((one) => (
              <li key={one}>
                <code>{one}</code>
              </li>
            ))}
          </ul>
        </div>
      )}
      {ending.features.length === 0 ? null : (
        <p class="quiet">Of Coq's kernel it uses, beyond the plain core: {ending.features.join(", ")}.</p>
      )}
      {ending.known_bugs.length === 0 ? null : (
        <p>Known soundness bugs of this Coq touch what it uses: {ending.known_bugs.join(", ")}.</p>
      )}
    </>
  );
}

function Failure({ ending }: { ending: Ending }) {
  const more = ending.verdict === "TIMEOUT" && bench.owned && bench.run?.over === true && bench.mode === "project";
  return (
    <>
      <p class="why">{sentence(ending.message)}</p>
      {ending.partial === "" ? null : (
        <details open>
          <summary>The best unfinished proof, with {counted(ending.holes, "hole")}</summary>
          <CoqText text={ending.partial} label="The best unfinished proof" copy="Copy it" />
        </details>
      )}
      {more ? (
        <button
          type="button"
          class="button"
          onClick={() => {
            bench.setOptions({ budget_cpu_s: Math.min(86_400, bench.options.budget_cpu_s * 2) });
            void bench.prove();
          }}
        >
          Try again with {seconds(bench.options.budget_cpu_s * 2)} of CPU
        </button>
      ) : null}
    </>
  );
}

function Stages({ stages }: { stages: StageCost[] }) {
  return (
    <details>
      <summary>Where the time went</summary>
      <div class="scroll">
        <table class="plain">
          <thead>
            <tr>
              <th scope="col">Stage</th>
              <th scope="col">CPU</th>
              <th scope="col">Time</th>
            </tr>
          </thead>
          <tbody>
            {stages.map((one, at) => (
              <tr key={at}>
                <th scope="row">{stage(one.name)}</th>
                <td>{seconds(one.cpu_s)}</td>
                <td>{seconds(one.wall_s)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

function Link({ id }: { id: string }) {
  const [done, set] = useState(false);
  const copy = (): void => {
    navigator.clipboard.writeText(`${location.origin}${location.pathname}#/attempt/${id}`).then(
      () => set(true),
      () => set(false),
    );
  };
  return (
    <p class="quiet permanent">
      <a href={`#/attempt/${id}`}>Attempt {id}</a>
      {window.isSecureContext ? (
        <button type="button" class="bare" onClick={copy}>
          {done ? "Link copied" : "Copy the link"}
        </button>
      ) : null}
    </p>
  );
}

function Seal({ proved }: { proved: boolean }) {
  return (
    <svg class="seal" viewBox="0 0 24 24" aria-hidden="true">
      {proved ? (
        <>
          <circle cx="12" cy="12" r="10.5" class="full" />
          <path class="tick" d="M7.5 12.4l3 3 6-6.8" />
        </>
      ) : (
        <>
          <circle cx="12" cy="12" r="9.8" />
          <path d="M8 12h8" />
        </>
      )}
    </svg>
  );
}
