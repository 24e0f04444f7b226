import { useState } from "preact/hooks";
import type { Goal, Hypothesis } from "../contract";
import type { Entry, Node } from "../tree";
import { counted, how, seconds, STATES } from "../words";
import { Mark } from "./Mark";

/** So many of a goal's steps are drawn until more are asked for. */
const FEW = 40;

/** The chosen goal: what it says, what stands on it, what was tried. */
export function GoalPanel({ node }: { node: Node }) {
  const state = node.state;
  return (
    <section class="panel" aria-label="The chosen goal">
      <h3>
        <Mark state={state} /> {node.parent === null ? "Statement" : `Goal ${node.id}`}{" "}
        <span class={`state ${state}`}>{STATES[state]}</span>
      </h3>
      {node.goal === null ? <p class="quiet">Coq did not print this goal.</p> : <GoalText goal={node.goal} />}
      {node.tactic === null ? null : (
        <>
          <h4>
            Tactic <span class="quiet">{how(node.how)}</span>
          </h4>
          <pre class="tactic" tabIndex={0} role="region" aria-label="Tactic">
            {node.tactic}
          </pre>
        </>
      )}
      <Log key={node.id} node={node} />
    </section>
  );
}

function GoalText({ goal }: { goal: Goal }) {
  return (
    <div class="sequent" tabIndex={0} role="region" aria-label="Hypotheses and conclusion">
      {goal.hypotheses.length === 0 ? null : (
        <dl class="hypotheses" aria-label="Hypotheses">
          {goal.hypotheses.map((one, at) => (
            <div key={at}>
              <dt>{one.names.join(", ")}</dt>
              <dd>{typed(one)}</dd>
            </div>
          ))}
        </dl>
      )}
      <p class="conclusion" aria-label="Conclusion">
        {goal.conclusion}
      </p>
    </div>
  );
}

const typed = (one: Hypothesis): string => (one.body === null ? one.type : `${one.type} := ${one.body}`);

function Log({ node }: { node: Node }) {
  const [all, setAll] = useState(false);
  const { entries, dropped } = node;
  if (entries.length === 0) return <p class="quiet log-none">Nothing was tried here yet.</p>;
  const shown = all ? entries : entries.slice(-FEW);
  const hidden = entries.length - shown.length;
  return (
    <>
      <h4>
        What was tried <span class="quiet">{counted(entries.length + dropped, "step")}</span>
      </h4>
      {dropped > 0 ? <p class="quiet">The first {dropped} are not kept.</p> : null}
      {hidden > 0 ? (
        <button type="button" class="bare" onClick={() => setAll(true)}>
          Show {hidden} earlier ones
        </button>
      ) : null}
      <ol class="log">
        {shown.map((entry, at) => (
          <Step entry={entry} key={dropped + hidden + at} />
        ))}
      </ol>
    </>
  );
}

const CLASSES: Record<string, string> = {
  unknown_name: "unknown name",
  other_form: "another form of it works",
};

function Step({ entry }: { entry: Entry }) {
  const time = <time>{seconds(entry.at)}</time>;
  switch (entry.kind) {
    case "ran":
      return (
        <li class={entry.ok ? "went" : "wrong"}>
          <p class="what">
            {entry.ok ? "Ran" : "Failed"} {time}
          </p>
          <code>{entry.text}</code>
          {entry.message === "" ? null : <p class="message">{entry.message}</p>}
        </li>
      );
    case "repaired":
      return (
        <li class="mended">
          <p class="what">
            Repaired: {CLASSES[entry.errorClass] ?? entry.errorClass.replaceAll("_", " ")} {time}
          </p>
          <code>
            <del>{entry.text}</del>
          </code>
          {entry.after === "" ? <p class="message">It was not needed, and left out.</p> : <ins>{entry.after}</ins>}
        </li>
      );
    case "applied":
      return (
        <li class="went">
          <p class="what">
            {entry.goals === 0 ? "Closed" : `Left ${counted(entry.goals, "goal")}`}
            {entry.how === "" ? "" : `, by ${how(entry.how)}`} {time}
          </p>
          <code>{entry.text}</code>
        </li>
      );
    case "undone":
      return (
        <li class="back">
          <p class="what">Taken back {time}</p>
          <code>{entry.text}</code>
        </li>
      );
    case "gave up":
      return (
        <li class="wrong">
          <p class="what">
            Automation did not close it{entry.times > 1 ? `, ${entry.times} times` : ""} {time}
          </p>
        </li>
      );
  }
}
