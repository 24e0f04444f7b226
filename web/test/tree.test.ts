import { describe, expect, it } from "vitest";
import { read } from "../src/api";
import type { Goal, ProverEvent } from "../src/contract";
import { Run } from "../src/run";
import { SseParser } from "../src/sse";
import { body, MOST_ENTRIES, TheoremRun } from "../src/tree";
import { doing, standing } from "../src/words";
import proved from "./recorded/proved.sse?raw";
import timeout from "./recorded/timeout.sse?raw";
import whole from "./recorded/whole.sse?raw";

const goal = (conclusion: string): Goal => ({ hypotheses: [], conclusion });
let clock = 0;

const started = (): ProverEvent => ({ kind: "started", at_s: 0, statement: "Lemma a : A.", goals: [goal("A")] });
const applied = (attempt: number, node: number, tactic: string, children: number[]): ProverEvent => ({
  kind: "applied",
  at_s: ++clock,
  attempt,
  node,
  tactic,
  how: "model",
  children: children.map((one) => ({ node: one, goal: goal(`G${one}`) })),
});
const ran = (attempt: number, node: number, sentence: string, ok = false): ProverEvent => ({
  kind: "ran",
  at_s: ++clock,
  attempt,
  node,
  sentence,
  ok,
  goals: 0,
  message: ok ? "" : "No such thing.",
});
const hole = (id: number): ProverEvent => ({ kind: "hole", at_s: ++clock, id, goal: null });
const failed = (id: number): ProverEvent => ({ kind: "failed", at_s: ++clock, id });
const filled = (id: number): ProverEvent => ({ kind: "filled", at_s: ++clock, id, tactic: "easy.", how: "cheap" });
const undone = (node: number): ProverEvent => ({ kind: "undone", at_s: ++clock, attempt: 0, node });
const backtracked = (node: number): ProverEvent => ({ kind: "backtracked", at_s: ++clock, node, tactic: "t." });

function after(...events: ProverEvent[]): TheoremRun {
  const run = new TheoremRun("a");
  for (const event of [started(), ...events]) run.apply(event);
  return run;
}

/** A tree as nested lists of numbers and states. */
function drawn(run: TheoremRun, attempt = 0): string {
  const root = run.proofs.find((one) => one.number === attempt)?.root;
  const draw = (node: NonNullable<typeof root>): string =>
    `${node.id}:${node.state}${node.children.length > 0 ? `(${node.children.map(draw).join(" ")})` : ""}`;
  return root === undefined ? "" : draw(root);
}

describe("the tree", () => {
  it("begins with a goal that was not heard of, which is the statement's", () => {
    const run = after(applied(0, 4, "induction n.", [5, 6]));
    expect(drawn(run)).toBe("4:partly(5:open 6:open)");
    expect(run.proofs[0]?.root.goal?.conclusion).toBe("A");
    expect(run.node(5)?.goal?.conclusion).toBe("G5");
  });

  it("closes from below", () => {
    const run = after(applied(0, 4, "split.", [5, 6]), applied(0, 5, "easy.", []));
    expect(drawn(run)).toBe("4:partly(5:closed 6:open)");
    run.apply(applied(0, 6, "split.", [7]));
    run.apply(applied(0, 7, "easy.", []));
    expect(drawn(run)).toBe("4:closed(5:closed 6:closed(7:closed))");
  });

  it("keeps several proofs apart", () => {
    const run = after(applied(0, 4, "a.", [5]), applied(3, 9, "b.", []));
    expect(drawn(run, 0)).toBe("4:partly(5:open)");
    expect(drawn(run, 3)).toBe("9:closed");
    expect(run.best.number).toBe(3);
  });

  it("has other children in the place of the old ones, and keeps what is below those it knows", () => {
    const run = after(applied(0, 4, "e.", [5, 6]), applied(0, 5, "easy.", []), applied(0, 4, "e.", [5, 8]));
    expect(drawn(run)).toBe("4:partly(5:closed 8:open)");
    expect(run.node(6)).toBeNull();
  });

  it("shows several holes being filled at one time", () => {
    const run = after(applied(0, 4, "split.", [5, 6, 7]), hole(5), hole(6));
    expect(drawn(run)).toBe("4:partly(5:working 6:working 7:open)");
    expect(doing(run)).toBe("Filling 2 goals at one time");
    run.apply(applied(0, 5, "easy.", []));
    run.apply(filled(5));
    run.apply(failed(6));
    expect(drawn(run)).toBe("4:partly(5:closed 6:failed 7:open)");
    run.apply(hole(6));
    expect(drawn(run)).toBe("4:partly(5:closed 6:working 7:open)");
    expect(run.counts.filled).toBe(1);
  });

  it.each([undone, backtracked])("takes back a tactic with all that is below", (back) => {
    const run = after(applied(0, 4, "a.", [5]), applied(0, 5, "b.", [6]), hole(6), back(5));
    expect(drawn(run)).toBe("4:partly(5:backtracked)");
    expect(run.node(6)).toBeNull();
    expect(run.working).toHaveLength(0);
    expect(run.counts.undone).toBe(1);
    // What is still said of it changes nothing.
    run.apply(failed(6));
    run.apply(ran(0, 6, "x."));
    expect(drawn(run)).toBe("4:partly(5:backtracked)");
    expect(run.direct.root.state).toBe("open");
    run.apply(applied(0, 5, "c.", []));
    expect(drawn(run)).toBe("4:closed(5:closed)");
  });

  it("does not count a tactic twice that a search took back and a backtracking names", () => {
    const run = after(applied(0, 4, "a.", [5]), undone(4), backtracked(4));
    expect(run.counts.undone).toBe(1);
    expect(run.proofs[0]?.root.entries.filter((one) => one.kind === "undone")).toHaveLength(1);
  });

  it("keeps failures and repairs with the goal that they were about", () => {
    const run = after(ran(0, 4, "foo."), {
      kind: "repaired",
      at_s: 1,
      attempt: 0,
      node: 4,
      error_class: "unknown_name",
      before: "foo.",
      after: "bar.",
    });
    const root = run.proofs[0]?.root;
    expect(root?.entries.map((one) => one.kind)).toEqual(["ran", "repaired"]);
    expect([root?.failures, root?.repairs, run.counts.failures]).toEqual([1, 1, 1]);
  });

  it("shows work on the statement itself before there is any tree", () => {
    const run = after(hole(2));
    expect(run.direct.root.state).toBe("working");
    expect(run.best).toBe(run.direct);
    run.apply(failed(2));
    expect(run.direct.root.state).toBe("failed");
    run.apply(hole(3));
    run.apply(applied(1, 3, "easy.", []));
    expect(run.direct.root.state).toBe("failed");
    expect(run.best.number).toBe(1);
  });

  it("follows the proof that is nearest to its end", () => {
    const run = after(applied(0, 4, "a.", [5, 6, 7]), applied(1, 8, "b.", [9, 10]));
    expect(run.best.number).toBe(1);
    run.apply(applied(0, 5, "easy.", []));
    run.apply(applied(0, 6, "easy.", []));
    expect(run.best.number).toBe(0);
    expect(standing(run.best)).toBe("1 of 4 goals open");
  });

  it("keeps the latest of very many steps, and takes thousands of events in its stride", () => {
    const run = after();
    for (let count = 0; count < 20_000; count++) run.apply(ran(0, 4, `tactic ${count}.`));
    const root = run.proofs[0]?.root;
    expect(root?.entries).toHaveLength(MOST_ENTRIES);
    expect(root?.dropped).toBe(20_000 - MOST_ENTRIES);
    expect(root?.entries.at(-1)).toMatchObject({ text: "tactic 19999." });
  });

  it("leaves no goal as worked on where a stage's share was spent", () => {
    const run = after(applied(0, 4, "split.", [5]), hole(5), hole(99));
    expect(run.working).toHaveLength(2);
    run.apply({ kind: "stage", at_s: ++clock, name: "holes", cpu_s: 3, budget_cpu_s: 20 });
    expect(run.working).toEqual([]);
    expect([run.stage, run.cpu, run.budget]).toEqual(["holes", 3, 20]);
    run.apply(hole(5));
    expect(drawn(run)).toBe("4:partly(5:working)");
  });

  it("stands at rest after the end", () => {
    const run = after(applied(0, 4, "split.", [5]), hole(5));
    run.stopped("CANCELLED", "the attempt was cancelled.");
    expect(drawn(run)).toBe("4:partly(5:failed)");
    expect(run.working).toEqual([]);
  });

  it("takes no notice of events that it does not know", () => {
    const run = after({ kind: "sang", at_s: 1 } as unknown as ProverEvent);
    expect(run.proofs).toEqual([]);
  });
});

function played(stream: string): Run {
  const run = new Run({ kind: "prove", title: "", place: "", statement: "", budget: null, text: null });
  for (const message of new SseParser().push(stream)) {
    const said = read(message.event, message.data);
    if (said?.kind === "attempt") run.begin(said.about);
    else if (said?.kind === "event") run.apply(said.event);
    else if (said?.kind === "result") run.end(said.result);
  }
  return run;
}

describe("recorded streams", () => {
  it("a repaired proof, filled to its end, is the tree of its script", () => {
    const run = played(proved);
    expect(run.over).toBe(true);
    expect(run.id).toMatch(/^[0-9a-f]{16}$/);
    const best = run.theorem?.best;
    expect(best?.closed).toBe(true);
    expect([...(best?.root.all() ?? [])].map((node) => node.tactic)).toEqual([
      "induction e.",
      "easy.",
      "sauto.",
      "sauto.",
    ]);
    expect(best?.root.repairs).toBe(1);
    expect(run.theorem?.ending?.axioms).toEqual([]);
  });

  it("a proof that came as a whole is one closed goal", () => {
    const run = played(whole);
    const { best } = run.theorem ?? {};
    expect([best?.number, best?.closed]).toEqual([null, true]);
    expect(best?.root.tactic).toBe(body(run.prove?.script ?? ""));
    expect(run.theorem?.ending?.axioms).toEqual(["Coq.Logic.Classical_Prop.classic"]);
  });

  it("one whose budget was spent has its best unfinished proof, and nothing under way", () => {
    const run = played(timeout);
    expect(run.verdict).toBe("TIMEOUT");
    expect(run.theorem?.best.closed).toBe(false);
    expect(run.theorem?.best.shape().open).toBe(1);
    expect(run.theorem?.working).toEqual([]);
    expect(run.theorem?.proofs.length).toBeGreaterThan(15);
    expect(run.theorem?.answers).toHaveLength(16);
  });
});

describe("a text with gaps", () => {
  it("has a tree for each theorem, and the answer has the last word", () => {
    const run = new Run({ kind: "fill", title: "", place: "", statement: "", budget: null, text: "..." });
    const places = [
      { theorem: "a", why: "Admitted" },
      { theorem: "b", why: "admit" },
    ];
    run.apply({ kind: "places", theorems: places });
    run.apply({ kind: "theorem", theorem: "a", number: 0, of: 2 });
    run.apply(started());
    run.apply(applied(0, 4, "easy.", []));
    run.apply({ kind: "theorem", theorem: "b", number: 1, of: 2 });
    run.apply(started());
    expect(run.theorems.map((one) => one.proofs.length)).toEqual([1, 0]);
    expect(run.theorem?.name).toBe("b");
    const ending = played(whole).prove;
    if (ending === null) throw new Error("the recorded stream has no answer");
    run.apply({ ...ending, kind: "filled_theorem" });
    const taken = { ...ending, verdict: "NOT_PROVED" as const, message: "taken back." };
    const rows = [ending, taken].map((result, at) => ({
      theorem: "ab".charAt(at),
      why: "Admitted",
      edits: [],
      result,
    }));
    run.end({ id: "x", filled: 1, places: 2, theorems: rows, text: "..." });
    expect(run.theorems.map((one) => one.ending?.verdict)).toEqual(["PROVED", "NOT_PROVED"]);
  });
});

describe("the body of a script", () => {
  it.each([
    ["Proof.\n  easy.\nQed.", "easy."],
    ["Proof using A. easy. Defined.", "easy."],
    ["easy.", "easy."],
    ["Proof. apply Nat.add_0_r. Qed.", "apply Nat.add_0_r."],
  ])("of %j", (script, expected) => {
    expect(body(script)).toBe(expected);
  });
});
