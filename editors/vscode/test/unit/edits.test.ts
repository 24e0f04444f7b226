import assert from "node:assert/strict";
import { test } from "node:test";
import { type Change, Followed, Lines, applied, proofsOf, proofsOfSteps } from "../../src/core/edits";
import { aimAt, scan } from "../../src/core/places";
import type { FilledTheorem, TheoremResult } from "../../src/core/protocol";

const SOURCE = "Lemma a : 1 = 1.\nAdmitted.\nLemma b : 2 = 2.\nAdmitted.\n";

function result(theorem: string, verdict = "PROVED", prelude = ""): TheoremResult {
  const said = { theorem, verdict, prelude, message: "", partial: "", how: "" };
  return { ...said, script: "Proof.\nauto.\nQed.", cpuSeconds: 1, edits: [] };
}

function proofs(source = SOURCE): ReturnType<typeof proofsOfSteps> {
  const { places } = scan(source);
  return proofsOfSteps(
    places.map((one) => result(one.name)),
    source,
    places,
    (at) => at,
  );
}

function after(source: string, changes: Change[]): { text: string; lost: string[]; placed: string[] } {
  const followed = new Followed(source);
  let current = source;
  for (const change of changes) {
    followed.change(change);
    current = current.slice(0, change.start) + change.newText + current.slice(change.end);
  }
  const { changes: made, lost, placed } = followed.place(proofs(source), current);
  return { text: applied(current, made), lost, placed };
}

test("positions count UTF-16 code units", () => {
  const lines = new Lines("𝔸b\r\ncd\n");
  assert.equal(lines.offset({ line: 0, character: 2 }), 2);
  assert.equal(lines.offset({ line: 1, character: 2 }), 7);
  assert.equal(lines.offset({ line: 2, character: 0 }), 8);
  for (const [line, character] of [
    [3, 0],
    [2, 1],
    [1, 3],
    [0, 9],
    [0, -1],
  ] as const) {
    assert.equal(lines.offset({ line, character }), undefined);
  }
});

test("an answer's edits are put in place", () => {
  const { places } = scan(SOURCE);
  const filled: FilledTheorem[] = [
    {
      theorem: "a",
      edits: [
        { start: { line: 0, character: 0 }, end: { line: 0, character: 0 }, newText: "Require X.\n" },
        { start: { line: 0, character: 16 }, end: { line: 1, character: 9 }, newText: "\nProof. auto. Qed." },
      ],
      result: result("a"),
    },
    { theorem: "b", edits: [], result: result("b", "NOT_PROVED") },
  ];
  const found = proofsOf(filled, SOURCE, places, (at) => at);
  assert.deepEqual(
    found.map((one) => [one.name, one.start, one.end]),
    [["a", 0, 26]],
  );
  const { changes, lost } = new Followed(SOURCE).place(found, SOURCE);
  assert.deepEqual(lost, []);
  assert.equal(
    applied(SOURCE, changes),
    "Require X.\nLemma a : 1 = 1.\nProof. auto. Qed.\nLemma b : 2 = 2.\nAdmitted.\n",
  );
});

test("an edit that does not fit the text is none", () => {
  const edit = { start: { line: 9, character: 0 }, end: { line: 9, character: 1 }, newText: "" };
  assert.deepEqual(
    proofsOf([{ theorem: "a", edits: [edit], result: result("a") }], SOURCE, [], (at) => at),
    [],
  );
});

test("steps give the same proofs, with the file's line ends", () => {
  const source = SOURCE.replaceAll("\n", "\r\n");
  const { places } = scan(source);
  const found = proofsOfSteps(
    [result("a", "NOT_PROVED"), result("b", "PROVED", "Require X.")],
    source,
    places,
    (at) => at,
  );
  const { changes } = new Followed(source).place(found, source);
  assert.equal(
    applied(source, changes),
    "Lemma a : 1 = 1.\r\nAdmitted.\r\nRequire X.\r\nLemma b : 2 = 2.\r\nProof.\r\nauto.\r\nQed.\r\n",
  );
});

test("the edits that a step tells leave the rest of the proof", () => {
  const source = "Lemma a : 1 = 1.\nProof using x.\n  (* c *) Admitted.\n";
  const { places } = scan(source);
  const edits = [{ start: { line: 2, character: 10 }, end: { line: 2, character: 19 }, newText: "auto. Qed." }];
  const found = proofsOfSteps([{ ...result("a"), edits }], source, places, (at) => at);
  const { changes } = new Followed(source).place(found, source);
  assert.equal(applied(source, changes), "Lemma a : 1 = 1.\nProof using x.\n  (* c *) auto. Qed.\n");
});

test("what was sent and is not in the document is put in before the proof", () => {
  const source = "  Lemma a : 1 = 1.\n";
  const aim = aimAt(source, 4);
  assert.ok(aim.kind === "aim");
  const edits = [{ start: { line: 1, character: 2 }, end: { line: 1, character: 11 }, newText: "Proof. auto. Qed." }];
  const { places } = scan(aim.text);
  for (const found of [
    proofsOf([{ theorem: "a", edits, result: result("a") }], aim.text, places, aim.toSource),
    proofsOfSteps([{ ...result("a"), edits }], aim.text, places, aim.toSource),
  ]) {
    const { changes } = new Followed(source).place(found, source);
    assert.equal(applied(source, changes), "  Lemma a : 1 = 1.\n  Proof. auto. Qed.\n");
  }
});

test("changes elsewhere only move a proof", () => {
  const filled = (name: string, type: string): string => `Lemma ${name} : ${type}.\nProof.\nauto.\nQed.\n`;
  const { text, lost } = after(SOURCE, [
    { start: 0, end: 0, newText: "(* new *)\n" },
    { start: 36, end: 37, newText: "\n\n(* between *)\n\n" },
    { start: SOURCE.length + 26, end: SOURCE.length + 26, newText: "Check 1.\n" },
  ]);
  assert.deepEqual(lost, []);
  assert.equal(text, `(* new *)\n${filled("a", "1 = 1")}\n(* between *)\n\n${filled("b", "2 = 2")}Check 1.\n`);
});

test("a change in a theorem loses its proof, and only that", () => {
  for (const change of [
    { start: 10, end: 11, newText: "5" }, // the statement
    { start: 16, end: 17, newText: " " }, // before the proof
    { start: 20, end: 20, newText: "x" }, // the proof
    { start: 26, end: 26, newText: "x" }, // `Admitted.x`
    { start: 0, end: 0, newText: "x" }, // `xLemma`
    { start: 0, end: 26, newText: "" }, // all of it
  ]) {
    const { lost, placed } = after(SOURCE, [change]);
    assert.deepEqual([lost, placed], [["a"], ["b"]], JSON.stringify(change));
  }
});

test("a change that was taken back in the text still counts", () => {
  const { lost } = after(SOURCE, [
    { start: 10, end: 11, newText: "5" },
    { start: 10, end: 11, newText: "1" },
  ]);
  assert.deepEqual(lost, ["a"]);
});

test("changes that nobody told of are found", () => {
  const followed = new Followed(SOURCE);
  const current = `(* new *)\n${SOURCE.replace("2 = 2", "3 = 3")}`;
  followed.catchUp(current);
  assert.equal(followed.text, current);
  assert.deepEqual(followed.place(proofs(), current).placed, []);
  const other = new Followed(SOURCE);
  other.catchUp(SOURCE.replace("2 = 2", "3 = 3"));
  assert.deepEqual(other.place(proofs(), other.text).placed, ["a"]);
});

test("offsets move with the text", () => {
  const followed = new Followed("abcdef");
  followed.change({ start: 0, end: 1, newText: "xyz" });
  followed.change({ start: 4, end: 6, newText: "" });
  assert.deepEqual(
    [0, 1, 2, 3, 5].map((at) => followed.moved(at)),
    [0, 3, 4, 4, 5],
  );
});

test("of two proofs that overlap one is put in", () => {
  const outer = { name: "outer", start: 0, end: 10, changes: [{ start: 2, end: 10, newText: "A" }] };
  const inner = { name: "inner", start: 4, end: 8, changes: [{ start: 5, end: 8, newText: "B" }] };
  const { placed, lost } = new Followed("0123456789").place([outer, inner], "0123456789");
  assert.deepEqual([placed, lost], [["outer"], ["inner"]]);
});
