import type { Answer, TheoremRun } from "../tree";
import { counted, sentence } from "../words";

/** What the work began with: the model's proofs, and the premises that were retrieved. */
export function Material({ theorem }: { theorem: TheoremRun }) {
  const { answers, premises, retrieverMessage } = theorem;
  if (answers.length === 0 && premises.length === 0 && retrieverMessage === "") return null;
  return (
    <div class="material">
      <Proposals answers={answers.filter((one) => one.source !== "neighbours")} what="answer" of="the model" />
      <Proposals answers={answers.filter((one) => one.source === "neighbours")} what="proof" of="similar theorems" />
      {retrieverMessage === "" ? null : <p class="quiet">No premises: {sentence(retrieverMessage)}</p>}
      {premises.length === 0 ? null : (
        <details>
          <summary>{counted(premises.length, "premise")} retrieved</summary>
          <ol class="premises">
            {premises.map((one) => (
              <li key={one}>
                <code>{one}</code>
              </li>
            ))}
          </ol>
        </details>
      )}
    </div>
  );
}

function Proposals({ answers, what, of }: { answers: Answer[]; what: string; of: string }) {
  if (answers.length === 0) return null;
  return (
    <details>
      <summary>
        {counted(answers.length, what)} of {of}
      </summary>
      <ol class="answers">
        {answers.map((one) => (
          <li key={one.sample}>
            {one.message === "" ? null : <p class="quiet">{sentence(one.message)}</p>}
            <pre tabIndex={0} role="region" aria-label={`${what === "proof" ? "Proof" : "Answer"} ${one.sample + 1}`}>
              {one.script || one.answer}
            </pre>
          </li>
        ))}
      </ol>
    </details>
  );
}
