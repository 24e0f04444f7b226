import { describe, expect, it } from "vitest";
import type { Ending } from "../src/contract";
import { TheoremRun } from "../src/tree";
import { counted, how, seconds, sentence, spoken } from "../src/words";

function ended(given: Partial<Ending>): Ending {
  const run = new TheoremRun("a");
  run.stopped("PROVED", "");
  if (run.ending === null) throw new Error("it has not ended");
  return { ...run.ending, ...given };
}

describe("words", () => {
  it.each([
    ["the budget was spent.", "The budget was spent."],
    ["nothing that was tried proves it", "Nothing that was tried proves it."],
    ["my_lemma has no proof", "my_lemma has no proof."],
    ["Is it there?", "Is it there?"],
    ["  ", ""],
  ])("make a sentence of %j", (text, expected) => {
    expect(sentence(text)).toBe(expected);
  });

  it.each([
    [0.04, "0.0 s"],
    [9.96, "10.0 s"],
    [61.2, "61 s"],
    [600, "10 min"],
    [754, "12 min 34 s"],
  ])("tell %d seconds", (value, expected) => {
    expect(seconds(value)).toBe(expected);
  });

  it("count", () => {
    expect([counted(1, "goal"), counted(0, "goal"), counted(1234, "axiom")]).toEqual([
      "1 goal",
      "0 goals",
      "1,234 axioms",
    ]);
  });

  it("tell what found a proof", () => {
    expect(how("repaired+cheap+new")).toBe("a repaired proof of the model, standard tactics, new");
  });

  it("say the verdict, with the theorem's name as it is written", () => {
    expect(spoken("my_lemma", ended({}))).toBe("my_lemma is proved. Closed under the global context.");
    expect(spoken("a", ended({ axioms: ["classic"] }))).toBe("a is proved. It rests on 1 axiom: classic.");
    expect(spoken("", ended({ verdict: "TIMEOUT", message: "the budget was spent." }))).toBe(
      "The statement is not proved: the budget was spent.",
    );
    expect(spoken("a", ended({ verdict: "CANCELLED" }))).toBe("The work on a was stopped.");
  });
});
