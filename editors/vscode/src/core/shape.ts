/** What stands before a command, and what a statement gives: a body, other names, the class of an instance. */

import { IDENTIFIER, identifier, skipBlanks, tokens, words } from "./lexer";

const PREFIX =
  /(Local|Global|Polymorphic|Monomorphic|Cumulative|NonCumulative|Private|Program|Time|Instructions|Timeout|Redirect|Profile)(?![\w'\u0080-\uffff])/y;
const PROGRAM = /\bprogram\b(?!\s*=\s*no\b)/;
const ARGUMENT = /[0-9]+|"[^"]*(?:""[^"]*)*"/y;
const QUALIFIED = new RegExp(`${IDENTIFIER}(?:\\.${IDENTIFIER})*`, "y");
const LAST_NAME = new RegExp(`\\b[Aa]s\\s+(${IDENTIFIER})\\s*\\.\\s*$`);
const OF = new RegExp(`\\bof\\s+(${IDENTIFIER})`);
const OPENING = new Set(["(", "{", "["]);
const CLOSING = new Set([")", "}", "]"]);

export interface Prefix {
  /** Where the word that names the command begins. */
  readonly end: number;
  /** `Program` or `#[program]` stands there. */
  readonly program: boolean;
  /** `#[refine]` stands there. */
  readonly refine: boolean;
}

/** Attributes and such as `Local`, `Program`, `Time` before a command. */
export function readPrefix(text: string): Prefix {
  let at = skipBlanks(text, 0);
  let program = false;
  let refine = false;
  for (;;) {
    const attributes = afterAttributes(text, at);
    if (attributes >= 0) {
      const inside = text.slice(at, attributes);
      program ||= PROGRAM.test(inside);
      refine ||= /\brefine\b/.test(inside);
      at = skipBlanks(text, attributes);
      continue;
    }
    PREFIX.lastIndex = at;
    const word = PREFIX.exec(text)?.[1];
    if (word === undefined) return { end: at, program, refine };
    program ||= word === "Program";
    at = skipBlanks(text, at + word.length);
    if (word === "Timeout" || word === "Redirect" || word === "Profile") {
      ARGUMENT.lastIndex = at;
      if (ARGUMENT.test(text)) at = skipBlanks(text, ARGUMENT.lastIndex);
    }
  }
}

function afterAttributes(text: string, at: number): number {
  if (text[at] !== "#") return -1;
  let depth = 0;
  for (const { at: place, word } of tokens(text, at + 1)) {
    if (word === "[") {
      depth += 1;
    } else if (word === "]") {
      depth -= 1;
      if (depth === 0) return place + 1;
    }
    if (depth === 0 || word === '"' || word === ".") return -1; // no attribute holds a full stop
  }
  return -1;
}

/**
 * Whether `:=` stands outside of all brackets and belongs to no `let` or `fix`.
 *
 * @param constrained each `with` has a `:=` of its own, as in `Module M : T with Definition t := nat`.
 */
export function hasBody(text: string, at: number, constrained = false): boolean {
  let depth = 0;
  let owned = 0;
  let before = "";
  for (const { word } of tokens(text, at)) {
    if (OPENING.has(word)) {
      depth += 1;
    } else if (CLOSING.has(word)) {
      depth -= 1;
    } else if (depth === 0) {
      if (word === ":=") {
        if (owned === 0) return true;
        owned -= 1;
      } else if (
        word === "let" ||
        ((word === "fix" || word === "cofix") && before !== "let") ||
        (word === "with" && constrained)
      ) {
        owned += 1;
      }
    }
    before = word;
  }
  return false;
}

/** Whether a statement states several theorems (`Lemma a : A with b : B`). */
export function statesMore(text: string, at: number): boolean {
  let depth = 0;
  let matches = 0;
  for (const { word } of tokens(text, at)) {
    if (OPENING.has(word)) {
      depth += 1;
    } else if (CLOSING.has(word)) {
      depth -= 1;
    } else if (depth === 0 && word === "match") {
      matches += 1;
    } else if (depth === 0 && word === "with") {
      if (matches === 0) return true;
      matches -= 1;
    }
  }
  return false;
}

/** The class of an instance without a name, `C` in `: forall x, A -> M.C x`; empty where it is not clear. */
export function classOf(text: string, at: number): string {
  let depth = 0;
  let begin = at;
  let before = "";
  for (const { at: place, word } of tokens(text, at)) {
    if (OPENING.has(word)) {
      depth += 1;
    } else if (CLOSING.has(word)) {
      depth -= 1;
    } else if (depth === 0 && word === ":=") {
      break;
    } else if (depth === 0 && (word === ":" || word === "," || word === "→" || (before === "-" && word === ">"))) {
      begin = place + word.length;
    }
    before = word;
  }
  for (const { at: place, word } of tokens(text, begin)) {
    if (word === "@" || word === "!" || word === "`" || word === "(") continue;
    QUALIFIED.lastIndex = place;
    const name = QUALIFIED.exec(text)?.[0];
    return name === undefined ? "" : identifier(name.slice(name.lastIndexOf(".") + 1));
  }
  return "";
}

/** The name in `... as NAME.` at the end of a command; empty if there is none. */
export function nameAfterAs(text: string): string {
  return identifier(LAST_NAME.exec(text)?.[1]);
}

/** The name in `Next Obligation of NAME`; empty if there is none. */
export function nameAfterOf(text: string): string {
  return identifier(OF.exec(text)?.[1]);
}

/** The function that `Equations NAME ...` or `Equations(OPTIONS) NAME ...` at `at` defines. */
export function equationsName(text: string, at: number): string {
  const named = words(text, at, 12).map(identifier).filter(Boolean);
  return named[words(text, at, 2)[1] === "(" ? 2 : 1] ?? "";
}
