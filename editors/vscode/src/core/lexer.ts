/** Sentences and words of Coq text, as Coq's own lexer cuts them. Offsets count UTF-16 code units, as editors do. */

/** A sentence: [start, end) of its text, without the comments and blanks around it. */
export interface Sentence {
  readonly start: number;
  readonly end: number;
  /** A bullet or a brace; otherwise a command or a tactic with its full stop. */
  readonly mark: boolean;
}

const BLANK = /[ \t\r\n]*/y;
const COMMENT_MARK = /\(\*|\*\)|"/g;
const FOCUS = /-+|\++|\*+|[{}]/y;
const SPECIAL = /[".(]/g;
const DOTS = /\.+/y;

/** The offset after the comment that opens at `at`; -1 where it does not close. Strings inside of it count. */
export function afterComment(text: string, at: number): number {
  let depth = 0;
  COMMENT_MARK.lastIndex = at;
  for (let mark = COMMENT_MARK.exec(text); mark; mark = COMMENT_MARK.exec(text)) {
    if (mark[0] === "(*") {
      depth += 1;
    } else if (mark[0] === "*)") {
      depth -= 1;
      if (depth === 0) return COMMENT_MARK.lastIndex;
    } else {
      const close = text.indexOf('"', COMMENT_MARK.lastIndex);
      if (close < 0) return -1;
      COMMENT_MARK.lastIndex = close + 1;
    }
  }
  return -1;
}

/** The first offset from `at` on that is neither blank nor in a comment; a comment without an end takes all. */
export function skipBlanks(text: string, at: number): number {
  for (;;) {
    BLANK.lastIndex = at;
    BLANK.test(text);
    at = BLANK.lastIndex;
    if (!text.startsWith("(*", at)) return at;
    const after = afterComment(text, at);
    if (after < 0) return text.length;
    at = after;
  }
}

/** All complete sentences, in order. What follows an open string or comment is none. */
export function sentences(text: string): Sentence[] {
  const found: Sentence[] = [];
  for (let at = skipBlanks(text, 0); at < text.length; at = skipBlanks(text, at)) {
    const start = at;
    FOCUS.lastIndex = at;
    if (FOCUS.test(text)) {
      at = FOCUS.lastIndex;
      found.push({ start, end: at, mark: true });
      continue;
    }
    at = afterSentence(text, at);
    if (at < 0) break;
    found.push({ start, end: at, mark: false });
  }
  return found;
}

/** The offset after the full stop of the sentence that is under way at `at`; -1 if there is none. */
function afterSentence(text: string, at: number): number {
  for (;;) {
    SPECIAL.lastIndex = at;
    const special = SPECIAL.exec(text);
    if (!special) return -1;
    at = special.index;
    if (special[0] === '"') {
      at = text.indexOf('"', at + 1) + 1;
      if (at === 0) return -1;
    } else if (special[0] === "(") {
      if (text[at + 1] !== "*" || gluedBracket(text, at)) {
        at += 1;
      } else {
        at = afterComment(text, at);
        if (at < 0) return -1;
      }
    } else {
      DOTS.lastIndex = at;
      DOTS.test(text);
      const dots = DOTS.lastIndex - at;
      at = DOTS.lastIndex;
      const next = text[at];
      const blank = next === undefined || next === " " || next === "\t" || next === "\r" || next === "\n";
      // `..` is a token of recursive notations; four or more are no end either.
      if (blank && (dots === 1 || dots === 3)) return at;
    }
  }
}

/** Coq takes the longest token: in `.(*` and "`(*" the bracket belongs to the token before, and no comment opens. */
function gluedBracket(text: string, at: number): boolean {
  const before = text[at - 1];
  return before === "`" || (before === "." && at >= 2 && text[at - 2] !== ".");
}

export const IDENTIFIER = "[A-Za-z_\\u0080-\\uffff][\\w'\\u0080-\\uffff]*";
const WORD = new RegExp(`${IDENTIFIER}|[0-9]+|:=|"[^"]*(?:""[^"]*)*"|[^\\s]`, "y");
const LETTERS = /^[\p{L}\p{Nl}\p{No}_][\p{L}\p{N}_']*/u;

/** A word, number, string, `:=` or single mark, and where it begins. */
export interface Token {
  readonly at: number;
  readonly word: string;
}

/** The words of a text from `at` on; comments are left out. */
export function* tokens(text: string, at: number): Generator<Token> {
  at = skipBlanks(text, at);
  while (at < text.length) {
    WORD.lastIndex = at;
    const word = WORD.exec(text);
    if (word) yield { at, word: word[0] };
    at = skipBlanks(text, word ? at + word[0].length : at + 1);
  }
}

/** Up to `count` words from `at` on. */
export function words(text: string, at: number, count: number): string[] {
  const found: string[] = [];
  for (const { word } of tokens(text, at)) {
    if (found.length === count) break;
    found.push(word);
  }
  return found;
}

/** The identifier that a word begins with; empty if it begins with none. */
export function identifier(word: string | undefined): string {
  return (word && LETTERS.exec(word)?.[0]) ?? "";
}
