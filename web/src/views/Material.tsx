import type { TheoremRun } from "../tree";
import { counted, sentence } from "../words";

/** What the work began with: the model's proofs, and the premises that were retrieved. */
export function Material({ theorem }: { theorem: TheoremRun }) {
  const { answers, premises, retrieverMessage } = theorem;
  if (answers.length === 0 && premises.length === 0 && retrieverMessage === "") return null;
  return (
    <div class="material">
      {answers.length === 0 ? null : (
        <details>
          <summary>{counted(answers.length, "answer")} of the model</summary>
          <ol class="answers">
            {answers.map((one) => (
              <li key={one.sample}>
                {one.message === "" ? null : <p class="quiet">{sentence(one.message)}</p>}
                <pre tabIndex={0} role="region" aria-label={`Answer ${one.sample + 1}`}>
                  {one.script || one.answer}
                </pre>
              </li>
            ))}
          </ol>
        </details>
      )}
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
