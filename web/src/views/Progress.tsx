import { useEffect, useState } from "preact/hooks";
import { bench } from "../bench";
import type { Run } from "../run";
import type { Node, TheoremRun } from "../tree";
import { Mark } from "./Mark";
import { counted, doing, proofName, seconds, stage } from "../words";

/** How far it has come. */
export function Progress({ run, theorem, look }: { run: Run; theorem: TheoremRun; look: (node: Node) => void }) {
  const { counts, cpu } = theorem;
  const budget = theorem.budget ?? run.asked.budget;
  const running = run.phase === "running" && theorem === run.theorem;
  return (
    <section class="progress" aria-label="Progress">
      <div class="line">
        <p class="doing">
          {running ? doing(theorem) : "Waiting for its turn"}{" "}
          {running && theorem.stage !== "" ? <span class="quiet">{stage(theorem.stage)}</span> : null}
        </p>
        <button type="button" class="button stop" aria-disabled={bench.stopping} onClick={() => void bench.stop()}>
          {bench.stopping ? "Stopping …" : "Stop"}
        </button>
      </div>
      <dl class="figures">
        <div>
          <dt>Elapsed</dt>
          <dd>
            <Clock theorem={theorem} running={running} />
          </dd>
        </div>
        {cpu === null && budget === null ? null : (
          <div class="wide">
            <dt>CPU</dt>
            <dd>
              {cpu === null ? "" : seconds(cpu)}
              {budget === null ? "" : `${cpu === null ? "at most" : " of"} ${seconds(budget)}`}
              {cpu === null || budget === null ? null : (
                <progress max={budget} value={Math.min(cpu, budget)} aria-label="CPU of the budget" />
              )}
            </dd>
          </div>
        )}
        <div>
          <dt>Tried</dt>
          <dd>{counted(counts.ran, "tactic")}</dd>
        </div>
        <div>
          <dt>Failed</dt>
          <dd>{counts.failures}</dd>
        </div>
        <div>
          <dt>Repaired</dt>
          <dd>{counts.repairs}</dd>
        </div>
        <div>
          <dt>Goals filled</dt>
          <dd>{counts.filled}</dd>
        </div>
      </dl>
      <Now theorem={theorem} look={look} />
    </section>
  );
}

/** So many of the goals that are worked on are named. */
const MOST = 8;

/** The goals that are worked on at this moment, in whichever proofs. */
function Now({ theorem, look }: { theorem: TheoremRun; look: (node: Node) => void }) {
  const { working } = theorem;
  return (
    <ul class="now" aria-label="Goals that are worked on now">
      {working.slice(0, MOST).map((node) => (
        <li key={node.id}>
          <button type="button" class="bare" onClick={() => look(node)}>
            <Mark state="working" />
            <span class="which">{proofName(node.proof)}</span>
            <span class="text">{node.goal?.conclusion.replace(/\s+/g, " ") ?? "a goal"}</span>
          </button>
        </li>
      ))}
      {working.length > MOST ? <li class="quiet">and {working.length - MOST} more</li> : null}
    </ul>
  );
}

function Clock({ theorem, running }: { theorem: TheoremRun; running: boolean }) {
  const [, again] = useState(0);
  useEffect(() => {
    if (!running) return undefined;
    const timer = setInterval(() => again((count) => count + 1), 1000);
    return () => clearInterval(timer);
  }, [running]);
  const since = running ? (performance.now() - bench.heard) / 1000 : 0;
  return <>{`${Math.floor(theorem.at + since)} s`}</>;
}
