import { describe, expect, it } from "vitest";
import { intent, split } from "../src/coqtext";

const words = (text: string): string[] => split(text).sentences.map((one) => one.words);

describe("sentences", () => {
  it("end with a full stop before a blank", () => {
    expect(words("Require Import Arith. Check Nat.add. ")).toEqual(["Require Import Arith.", "Check Nat.add."]);
  });

  it("are not ended in comments, which nest, nor in strings", () => {
    expect(words('(* a. (* b. *) "*)" c. *) Check 1. Check "x. y". ')).toEqual(["Check 1.", 'Check "x. y".']);
  });

  it("may end with three stops, but not with two", () => {
    expect(words("auto... Notation a .. b. ")).toEqual(["auto...", "Notation a .. b."]);
  });

  it.each([
    ["Lemma a : A. (* no end", "comment"],
    ['Check "no end', "string"],
    ["Lemma a : A", "sentence"],
    ["Lemma a : A. (* end *)", ""],
  ])("tell what is open at the end of %j", (text, unclosed) => {
    expect(split(text).unclosed).toBe(unclosed);
  });
});

describe("what a text is for", () => {
  it("proves the statement that it ends with, after all that stands before", () => {
    const text = "Require Import Arith.\n(* x. *)\nLemma a (n : nat) : n + 0 = n.";
    expect(intent(text)).toEqual({
      kind: "prove",
      name: "a",
      statement: "Lemma a (n : nat) : n + 0 = n.",
      context: "Require Import Arith.\n(* x. *)\n",
    });
  });

  it.each([
    ["#[local] Theorem t : True.\nProof.", "t", "#[local] Theorem t : True."],
    ["Program Lemma l' : True. (* end *)", "l'", "Program Lemma l' : True."],
    ["Goal True.", "Goal", "Goal True."],
    ["Lemma a : A. Proof. x. Qed.\nCorollary ∀b : A.", "", "Corollary ∀b : A."],
    ["Definition d : nat.", "d", "Definition d : nat."],
    ["Definition n := 1. Lemma é_1 : n = 1.", "é_1", "Lemma é_1 : n = 1."],
  ])("proves the end of %j", (text, name, statement) => {
    expect(intent(text)).toMatchObject({ kind: "prove", name, statement });
  });

  it.each([
    "Lemma a : A. Admitted.",
    "Lemma a : A. Proof. split. admit. Admitted.",
    "Lemma a : A. Proof. split; [easy | admit]. Qed.",
    "Lemma a : A. Abort.",
    "Lemma a : A.\n(* prove *)",
    "Lemma a : A. Proof. (* prove *)",
    "Lemma a : A. Admitted. Lemma b : B.",
  ])("fills the gaps of %j", (text) => {
    expect(intent(text).kind).toBe("fill");
  });

  it("takes a mark before a statement for a comment", () => {
    expect(intent("(* prove *)\nLemma a : A.")).toMatchObject({ kind: "prove", name: "a" });
  });

  it.each([
    ["Lemma a : A. Admitted. Lemma b : B.", "b is left out: write Admitted. after it."],
    ["Lemma a : A. Admitted. Goal B. Proof.", "The last statement is left out: write Admitted. after it."],
    ["Lemma a : A. Admitted. Definition b := 1.", ""],
    ["Lemma a : A. Admitted.", ""],
    ["Lemma a : A. (* prove *)", ""],
    ["Lemma a : A. Proof. (* prove *)", ""],
  ])("tells of a statement that is left out in %j", (text, hint) => {
    expect(intent(text)).toEqual({ kind: "fill", hint });
  });

  it.each([
    ["", "Paste"],
    ["Check 1.", "end the text with a statement"],
    ["Lemma a : A. Proof. easy. Qed.", "write Admitted. where"],
    ["Lemma a : A. Proof. split.", "close it with Admitted."],
    ["Lemma a : A", "put a full stop"],
    ["(* Lemma a : A.", "close it with *)"],
    ["Definition n := 1.", "a definition"],
    ["(* Admitted. *) Check admit_me.", "end the text with a statement"],
  ])("says what is missing in %j", (text, says) => {
    const found = intent(text);
    expect(found.kind === "nothing" && found.why).toContain(says);
  });
});
