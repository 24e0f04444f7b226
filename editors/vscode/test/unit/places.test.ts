import assert from "node:assert/strict";
import { test } from "node:test";
import { aimAt, scan } from "../../src/core/places";

function open(text: string): [string, string][] {
  return scan(text).places.map(({ name, why }) => [name, why]);
}

test("what is open, and why", () => {
  const text = `Require Import Arith.
(* Admitted. (* admit. *) "*) Lemma no : False. Admitted." *)
Lemma done : 1 = 1. Proof. reflexivity. Qed.
Lemma given_up (n : nat) : n = n.
Proof.
  intros.
Admitted.
Section S.
Lemma holes (n : nat) : n + 0 = n.
Proof. induction n. - reflexivity. - admit. Qed.
End S.
Module M. Module N.
#[local] Lemma aborted : True. Proof. Abort.
End N. End M.
Lemma marked : 2 = 2.
(* prove *)
Lemma marked_too : 3 = 3.
Proof. (* Prove *) Admitted.
Definition admit_like := "admit. Admitted.".
Goal 1 = 1. Admitted.
Goal 2 = 2. Proof. admit. Defined.
`;
  assert.deepEqual(open(text), [
    ["given_up", "Admitted"],
    ["holes", "admit"],
    ["M.N.aborted", "Abort"],
    ["marked", "prove"],
    ["marked_too", "prove"],
    ["Unnamed_thm", "Admitted"],
    ["Unnamed_thm0", "admit"],
  ]);
});

test("places are where the text says", () => {
  const text =
    "Lemma é (n : nat) :\r\n  n = n. (* 𝔸 *)\r\nProof.\r\n  idtac.\r\nAdmitted.\r\nLemma b : True.\r\n(* prove *)\r\n";
  const [first, second] = scan(text).places;
  assert.ok(first && second);
  assert.equal(text.slice(first.start, first.statementEnd), "Lemma é (n : nat) :\r\n  n = n.");
  assert.equal(text.slice(first.statementEnd, first.end), " (* 𝔸 *)\r\nProof.\r\n  idtac.\r\nAdmitted.");
  assert.equal(text.slice(second.start, second.end), "Lemma b : True.\r\n(* prove *)");
});

for (const text of [
  "",
  "Lemma a : True. exact I. Qed.",
  "Axiom a : False.",
  "(* prove *)",
  'Lemma a : "admit" = "admit". reflexivity. Qed.',
  "(* Lemma a : True. Admitted.",
  'Check "Lemma a : True. Admitted.',
  "Definition a := 1. Definition b := f.(* .(* opens no comment *) (x).",
]) {
  test(`nothing is open in ${JSON.stringify(text)}`, () => {
    assert.deepEqual(open(text), []);
  });
}

test("full stops that end no sentence", () => {
  assert.deepEqual(open("Lemma a : f M.x 1.5 .. y. Proof... Admitted."), [["a", "Admitted"]]);
  assert.deepEqual(open('Lemma a : "a. b "" c. " = x. Admitted.'), [["a", "Admitted"]]);
});

function aimed(marked: string): ReturnType<typeof aimAt> {
  const offset = marked.indexOf("@");
  return aimAt(marked.replace("@", ""), offset);
}

test("the theorem at the cursor", () => {
  for (const marked of [
    "Lemma a : Tr@ue. Admitted. Lemma b : True. Admitted.",
    "@Lemma a : True.\nAdmitted.\n",
    "  @  Lemma a : True.\nAdmitted.\n",
    "Lemma a : True.\nProof.\n  idtac.@\nAdmitted.\n",
    "Lemma a : True.\nAdmitted.@\n",
    "Lemma a : True.\nAdmitted. (* @ *)\n",
  ]) {
    const aim = aimed(marked);
    assert.equal(aim.kind === "aim" && aim.name, "a", marked);
    assert.equal(aim.kind === "aim" && aim.text, marked.replace("@", ""), marked);
  }
});

test("why there is nothing at the cursor", () => {
  const why = (marked: string): string => {
    const aim = aimed(marked);
    return aim.kind === "nothing" ? aim.why : "";
  };
  assert.match(why("@"), /no theorem at the cursor/);
  assert.match(why("Definition a := 1@.\n"), /no theorem at the cursor/);
  assert.match(why("Lemma a : True.\nProof. exact@ I. Qed.\n"), /‘a’ has a finished proof/);
  assert.match(why("Lemma a : True with b : True.@ Admitted."), /stated together/);
  assert.match(why("Lemma a : True. Proof. idtac.@ Lemma b : True. Admitted.\nintros."), /‘b’|no end/);
});

test("of several theorems of one name the one at the cursor is meant", () => {
  const text = "Lemma a : 1 = 2.\r\nAbort.\r\nLemma a : 1 = 1. (* é *)\r\nAbort.\r\nLemma b : True.\r\nAdmitted.\r\n";
  const aim = aimAt(text, text.indexOf("1 = 1"));
  assert.ok(aim.kind === "aim");
  assert.match(aim.note, /more than once/);
  assert.equal(aim.text.length, text.length);
  assert.deepEqual(open(aim.text), [
    ["a", "Abort"],
    ["b", "Admitted"],
  ]);
  assert.equal(aim.text.indexOf("Lemma a"), text.lastIndexOf("Lemma a"));
});

test("a proof without an end is taken as if Admitted stood there", () => {
  for (const [text, sent] of [
    ["Lemma a : True.\nProof.\n  idtac.\n", "Lemma a : True.\nProof.\n  idtac.@\nAdmitted.@\n"],
    ["  Lemma a : True.\r\n", "  Lemma a : True.@\r\n  Admitted.@\r\n"],
    ["Lemma a : True.\nLemma b : True. exact I. Qed.", "Lemma a : True.@\nAdmitted.@\nLemma b : True. exact I. Qed."],
  ] as const) {
    const aim = aimAt(text, 3);
    assert.ok(aim.kind === "aim");
    assert.match(aim.note, /no end/);
    const [before = "", end = "", after = ""] = sent.split("@");
    assert.equal(aim.text, before + end + after);
    assert.equal(aim.toSource(before.length + end.length), before.length);
    assert.equal(aim.toSource(before.length), before.length);
    assert.equal(aim.toSource(aim.text.length), text.length);
  }
});

test("a hostile text takes no time", () => {
  for (const piece of [
    "(*",
    "((",
    ". ",
    '""',
    "Lemma a. ",
    "Module M. ",
    "#[",
    "(* prove *) ",
    "Lemma a : True. (* prove *) ",
  ]) {
    assert.ok(scan(piece.repeat(20_000)).theorems.length >= 0);
  }
});
