import { describe, expect, it } from "vitest";
import type { Edit } from "../src/contract";
import { hunks } from "../src/diff";

function edit(text: string, from: string, to: string): Edit {
  const at = text.indexOf(from);
  const place = (offset: number) => {
    const before = text.slice(0, offset).split("\n");
    return { line: before.length - 1, character: before.at(-1)?.length ?? 0 };
  };
  return { start: place(at), end: place(at + from.length), new_text: to };
}

const SIGN = { same: " ", old: "-", new: "+" };
const drawn = (text: string, edits: Edit[], around = 1): string[][] =>
  hunks(text, edits, around).map((hunk) => hunk.lines.map((line) => SIGN[line.kind] + line.text));

describe("the changes of edits", () => {
  const text = "one\ntwo\nthree\nfour\nfive\nsix\nseven\n";

  it("are lines taken out and put in, with some around", () => {
    expect(drawn(text, [edit(text, "two", "2a\n2b")])).toEqual([[" one", "-two", "+2a", "+2b", " three"]]);
  });

  it("have the numbers of both texts", () => {
    const [, second] = hunks(text, [edit(text, "one", "1\n1"), edit(text, "six", "6")], 0);
    expect(second?.lines.map((line) => [line.old, line.new])).toEqual([
      [6, null],
      [null, 7],
    ]);
  });

  it("stand together where they are near, apart where they are not", () => {
    expect(drawn(text, [edit(text, "two", "2"), edit(text, "four", "4")])).toEqual([
      [" one", "-two", "+2", " three", "-four", "+4", " five"],
    ]);
    expect(drawn(text, [edit(text, "one", "1"), edit(text, "seven", "7")])).toHaveLength(2);
  });

  it("on one line are one change", () => {
    const line = "a 𝔸 b c";
    expect(drawn(line, [edit(line, "c", "C"), edit(line, "𝔸", "x")])).toEqual([["-a 𝔸 b c", "+a x b C"]]);
  });

  it("leave a line alone that stands between what comes before and after it", () => {
    const proof = "Lemma a : A.\nAdmitted.\n";
    const becomes = "Require Import Lia.\nLemma a : A.\nProof.\n  lia.\nQed.";
    expect(drawn(proof, [edit(proof, "Lemma a : A.\nAdmitted.", becomes)])).toEqual([
      ["+Require Import Lia.", " Lemma a : A.", "-Admitted.", "+Proof.", "+  lia.", "+Qed."],
    ]);
  });

  it("take whole what is too long to be compared", () => {
    const long = Array.from({ length: 600 }, (_, at) => `a${at}`).join("\n");
    const lines = hunks(long, [edit(long, long, long.replaceAll("a", "b"))], 0)[0]?.lines ?? [];
    expect(lines.filter((line) => line.kind === "old")).toHaveLength(600);
    expect(lines.filter((line) => line.kind === "new")).toHaveLength(600);
  });

  it("leave out lines that stay as they are", () => {
    const proof = "Lemma a : A.\nProof.\nAdmitted.\n";
    expect(drawn(proof, [edit(proof, "Proof.\nAdmitted.", "Proof.\n  easy.\nQed.")])).toEqual([
      [" Proof.", "-Admitted.", "+  easy.", "+Qed."],
    ]);
    expect(drawn(proof, [edit(proof, "Proof.", "Proof.")])).toEqual([]);
  });
});
