import type { Proof, TheoremRun } from "../tree";
import { proofName, standing } from "../words";
import { Mark } from "./Mark";

const MOST = 200;

/** All tries at the statement, to choose one: one line of signs. */
export function ProofStrip({
  theorem,
  shown,
  choose,
}: {
  theorem: TheoremRun;
  shown: Proof;
  choose: (proof: Proof) => void;
}) {
  const { best } = theorem;
  const all = [theorem.direct, ...theorem.proofs].slice(0, MOST);
  if (!all.includes(shown)) all.push(shown);
  if (all.length < 2) return null;
  const go = (from: number, to: number, target: EventTarget | null): void => {
    const found = all[(to + all.length) % all.length];
    if (found === undefined || from === to) return;
    choose(found);
    const row = target instanceof HTMLElement ? target.closest(".strip") : null;
    const item = row?.children[all.indexOf(found)];
    if (item instanceof HTMLElement) item.focus();
  };
  return (
    <div class="strip" role="radiogroup" aria-label="Proofs that were tried">
      {all.map((proof, at) => (
        <button
          key={proof.number}
          type="button"
          role="radio"
          aria-checked={proof === shown}
          tabIndex={proof === shown ? 0 : -1}
          class={proof === best ? "best" : ""}
          aria-label={`${proofName(proof)}: ${standing(proof)}${proof === best && proof.begun ? ", the best" : ""}`}
          title={`${proofName(proof)}: ${standing(proof)}`}
          onClick={() => choose(proof)}
          onKeyDown={(event) => {
            const to = {
              ArrowRight: at + 1,
              ArrowDown: at + 1,
              ArrowLeft: at - 1,
              ArrowUp: at - 1,
              Home: 0,
              End: all.length - 1,
            }[event.key];
            if (to === undefined) return;
            event.preventDefault();
            go(at, to, event.currentTarget);
          }}
        >
          <Mark state={sign(proof)} />
          <span aria-hidden="true">{proof.number === null ? "direct" : proof.place}</span>
        </button>
      ))}
    </div>
  );
}

function sign(proof: Proof) {
  const { state } = proof.root;
  if (state !== "partly") return state === "open" && proof.root.failures > 0 ? "failed" : state;
  return proof.shape().working > 0 ? "working" : "partly";
}
