/** What is open in a Coq text: the places that the prover fills, and the theorem at a cursor. */

import { sentences } from "./lexer";
import { type Theorem, theorems } from "./theorems";

export type Why = "Admitted" | "Abort" | "admit" | "prove";

/** A theorem without a whole proof. Offsets are in the text. */
export interface Place {
  readonly name: string;
  readonly why: Why;
  /** The sentence that states it. */
  readonly start: number;
  readonly statementEnd: number;
  /** A proof takes the place of all from the statement's end to here. */
  readonly end: number;
}

const MARK = /\(\*[ \t\n\r\f\v]*prove[ \t\n\r\f\v]*\*\)/gi;
const GIVES_UP = /(?<![\w'.])(?:admit|give_up)(?![\w'])/;
const COMMENT_OR_STRING = /"[^"]*"|\(\*[^]*?\*\)/g;
const OPENER = /^Proof(?!\w)/;
const HAS_END = /^(?:Qed|Defined|Admitted|Abort|Save|Proof)(?!\w)/;
/** The first letter of a command or an attribute; tactics, bullets and braces begin otherwise. */
const COMMAND = /[A-Z#]/;
const END = " Admitted.";

/** A text in which each mark `(* prove *)` of an open proof has an end, as the prover reads it. */
interface Whole {
  readonly text: string;
  /** Where ends were put in, in the new text. */
  readonly added: readonly number[];
}

function withEnds(source: string): Whole {
  const marks = marksWithoutEnd(source);
  if (!marks.length) return { text: source, added: [] };
  const whole = putIn(source, marks);
  // Elsewhere an end would be one too many.
  const ends = new Set(theorems(whole.text).map((one) => one.proofEnd));
  const kept = marks.filter((_, number) => ends.has((whole.added[number] ?? 0) + END.length));
  return kept.length === marks.length ? whole : putIn(source, kept);
}

/** The offsets behind marks that no sentence of a proof follows. */
function marksWithoutEnd(source: string): number[] {
  const marks = [...source.matchAll(MARK)].map((mark) => mark.index + mark[0].length);
  if (!marks.length) return [];
  const starts = sentences(source).map((one) => one.start);
  let next = 0;
  return marks.filter((end) => {
    while (next < starts.length && (starts[next] ?? 0) < end) next += 1;
    const following = starts[next];
    if (following === undefined) return true;
    return COMMAND.test(source.charAt(following)) && !HAS_END.test(source.slice(following, following + 10));
  });
}

/** The text with an end at each of these places. */
function putIn(source: string, places: readonly number[]): Whole {
  const parts: string[] = [];
  let last = 0;
  for (const at of places) {
    parts.push(source.slice(last, at), END);
    last = at;
  }
  return { text: parts.join("") + source.slice(last), added: places.map((at, number) => at + number * END.length) };
}

/** Where an offset of the text with ends stands in the text without. */
function inSource(offset: number, added: readonly number[]): number {
  let taken = 0;
  for (const at of added) {
    if (at >= offset) break;
    taken += Math.min(END.length, offset - at);
  }
  return offset - taken;
}

function whyOpen(text: string, theorem: Theorem, marks: readonly number[]): Why | undefined {
  const mark = marks.find((at) => theorem.statementEnd <= at && at < theorem.proofEnd);
  if (mark !== undefined) {
    const before = text.slice(theorem.statementEnd, mark).replace(COMMENT_OR_STRING, " ").trim();
    if (before === "" || (OPENER.test(before) && sentences(before).length === 1)) return "prove";
  }
  const { ending } = theorem;
  if (ending === "Admitted" || ending === "Abort") return ending;
  if (ending === undefined) return undefined;
  const body = text.slice(theorem.proofStart, theorem.proofEnd).replace(COMMENT_OR_STRING, " ");
  return GIVES_UP.test(body) ? "admit" : undefined;
}

/** A text as far as proofs are concerned. */
export interface Scan {
  /** In order. */
  readonly theorems: readonly Theorem[];
  /** Those that are to be filled, in order. */
  readonly places: readonly Place[];
}

/** What is stated in a text, and what of it is open. */
export function scan(source: string): Scan {
  const { text, added } = withEnds(source);
  const marks = [...text.matchAll(MARK)].map((mark) => mark.index);
  const found: Theorem[] = [];
  const places: Place[] = [];
  for (const theorem of theorems(text)) {
    const start = inSource(theorem.start, added);
    const statementEnd = inSource(theorem.statementEnd, added);
    const end = inSource(theorem.proofEnd, added);
    found.push({ ...theorem, start, statementEnd, proofStart: inSource(theorem.proofStart, added), proofEnd: end });
    const why = whyOpen(text, theorem, marks);
    if (why) places.push({ name: theorem.name, why, start, statementEnd, end });
  }
  return { theorems: found, places };
}

/** A text to be sent for one theorem, with the way back to the text of the document. */
export interface Aim {
  readonly kind: "aim";
  readonly name: string;
  readonly text: string;
  /** The offset in the document of an offset in what is sent. */
  readonly toSource: (offset: number) => number;
  /** What was done so that the theorem at the cursor is meant, as a sentence; empty if nothing was. */
  readonly note: string;
}

/** Why there is nothing to prove at a cursor. */
export interface Nothing {
  readonly kind: "nothing";
  readonly why: string;
}

/** The theorem that a cursor means: the innermost one around it, or one whose line it is on. */
export function theoremAt(source: string, offset: number, found: readonly Theorem[]): Theorem | undefined {
  const around = found.filter((one) => one.start <= offset && offset <= one.proofEnd).at(-1);
  if (around) return around;
  const lineStart = source.lastIndexOf("\n", offset - 1) + 1;
  const newline = source.indexOf("\n", offset);
  const lineEnd = newline < 0 ? source.length : newline;
  return (
    found.find((one) => lineStart <= one.start && one.start <= lineEnd) ??
    found.filter((one) => lineStart <= one.proofEnd && one.proofEnd <= lineEnd).at(-1)
  );
}

/** What is to be sent to have the theorem at an offset proved, and it alone. */
export function aimAt(source: string, offset: number): Aim | Nothing {
  const { theorems: found, places } = scan(source);
  const theorem = theoremAt(source, offset, found);
  if (!theorem) return nothing("There is no theorem at the cursor: put it into a statement or into its proof.");
  const { name } = theorem;
  const place = places.find((one) => one.start === theorem.start);
  if (!name) return nothing("The theorem at the cursor has no name that the prover could be asked for.");
  if (theorem.several)
    return nothing(`${quoted(name)} is stated together with others (with): such theorems are not filled.`);
  if (!place && theorem.ending !== undefined) return nothing(`${quoted(name)} has a finished proof.`);
  if (!place && found.some((one) => theorem.statementEnd <= one.start && one.start < theorem.proofEnd)) {
    return nothing(
      `The proof of ${quoted(name)} has no end, and another theorem stands in it: end it with Admitted first.`,
    );
  }
  // Of several places with this name the prover would fill all: the others are blanked out, letter by letter, so that
  // offsets stay. Coq allows such ones only where a proof was aborted, and nothing can depend on that.
  const others = places.filter((one) => one.name === name && one.start !== theorem.start);
  let text = source;
  for (const one of others) {
    text = text.slice(0, one.start) + text.slice(one.start, one.end).replace(/[^\r\n]/g, " ") + text.slice(one.end);
  }
  let note = others.length ? `${quoted(name)} is stated more than once: only the one at the cursor is proved.` : "";
  if (place) return { kind: "aim", name, text, toSource: (at) => at, note };
  const at = theorem.proofEnd;
  note = [note, `The proof of ${quoted(name)} has no end: it is taken as if Admitted stood there.`]
    .filter(Boolean)
    .join(" ");
  // On a line of its own, as people write it: the proof stands where it stands.
  const indent = /^[ \t]*/.exec(text.slice(text.lastIndexOf("\n", theorem.start - 1) + 1))?.[0] ?? "";
  const end = `${text.includes("\r\n") ? "\r\n" : "\n"}${indent}Admitted.`;
  return {
    kind: "aim",
    name,
    text: text.slice(0, at) + end + text.slice(at),
    toSource: (place) => (place <= at ? place : Math.max(at, place - end.length)),
    note,
  };
}

function nothing(why: string): Nothing {
  return { kind: "nothing", why };
}

/** A name as it stands in sentences. */
export function quoted(name: string): string {
  return `‘${name}’`;
}
