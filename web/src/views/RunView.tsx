import { useEffect, useRef, useState } from "preact/hooks";
import { bench } from "../bench";
import type { Run } from "../run";
import type { Node, Proof, TheoremRun } from "../tree";
import { CoqText } from "./CoqText";
import { GoalPanel } from "./GoalPanel";
import { Material } from "./Material";
import { Progress } from "./Progress";
import { ProofStrip } from "./ProofStrip";
import { TreeView } from "./TreeView";
import { Verdict } from "./Verdict";
import { proofName, standing } from "../words";

// The goal that is looked at changes no more often than this by itself, so that it can be read.
const CALM_MS = 900;

/** The work on one theorem: as it goes on, and what came of it. */
export function RunView({ run, theorem, inner = false }: { run: Run; theorem: TheoremRun; inner?: boolean }) {
  const [chosen, choose] = useState<Proof | null>(null);
  const [goal, setGoal] = useState<Node | null>(null);
  const over = theorem.ending !== null || run.over;
  const proof = chosen ?? theorem.best;
  const calm = useCalm(proof, over);
  // What was taken away cannot be looked at any longer.
  const node = goal?.proof === proof && there(goal) ? goal : calm;
  const Heading = inner ? "h2" : "h1";
  const name = theorem.name || run.asked.title;
  return (
    <article class={inner ? "work inner" : "work"} aria-label={name || "Work"}>
      {inner ? null : <p class="place">{run.asked.place || "Attempt"}</p>}
      <Heading>{name || "Statement"}</Heading>
      {theorem.statement === "" ? null : <CoqText text={theorem.statement} label="Statement" />}
      {theorem.ending === null ? (
        run.over ? null : (
          <Progress
            run={run}
            theorem={theorem}
            look={(one) => {
              choose(one.proof);
              setGoal(one);
            }}
          />
        )
      ) : (
        <Verdict run={run} theorem={theorem} ending={theorem.ending} />
      )}
      {theorem.begun ? (
        <section class="tree-side" aria-labelledby={inner ? "tree-inner" : "tree"}>
          <div class="line">
            <h2 id={inner ? "tree-inner" : "tree"}>
              {proofName(proof)} <span class="quiet">{standing(proof)}</span>
            </h2>
            {chosen === null || over ? null : (
              <button type="button" class="bare" onClick={() => choose(null)}>
                Follow the best one
              </button>
            )}
          </div>
          <ProofStrip
            theorem={theorem}
            shown={proof}
            choose={(one) => {
              choose(one);
              setGoal(null);
            }}
          />
          <div class="looking">
            <TreeView key={proof.number} proof={proof} chosen={node} choose={setGoal} />
            <GoalPanel node={node} />
          </div>
        </section>
      ) : null}
      <Material theorem={theorem} />
    </article>
  );
}

/** Whether a goal still stands in its tree. */
function there(node: Node): boolean {
  for (let one = node; one.parent !== null; one = one.parent) if (!one.parent.children.includes(one)) return false;
  return true;
}

/** The goal where something happens, calmly; the root once it is over. */
function useCalm(proof: Proof, over: boolean): Node {
  const held = useRef<{ proof: Proof; node: Node; since: number } | null>(null);
  const [, again] = useState(0);
  const now = performance.now();
  const latest = over ? proof.root : proof.latest;
  const before = held.current;
  const stale = before !== null && before.node !== latest && now - before.since > CALM_MS;
  if (before?.proof !== proof || over || stale) held.current = { proof, node: latest, since: now };
  const shown = held.current?.node ?? latest;
  const behind = shown !== latest;
  useEffect(() => {
    if (!behind) return undefined;
    const timer = setTimeout(() => again((count) => count + 1), CALM_MS);
    return () => clearTimeout(timer);
  }, [behind, bench.run?.events]);
  return there(shown) ? shown : latest;
}
