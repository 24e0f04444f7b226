/** Which request a pasted text is for. The prover splits it anew and has the last word. */

const STATES =
  /^(?:(?:Local|Global|Polymorphic|Monomorphic|Cumulative|NonCumulative|Private|Program|#\[[^\]]*\])\s*)*(Lemma|Theorem|Fact|Remark|Corollary|Proposition|Property|Example|Goal|Definition|Instance|Let)\b\s*([\p{L}_][\p{L}\p{N}_']*)?/u;
const ENDS = /^(?:Qed|Defined|Admitted|Abort|Save)\b/;
const GIVES_UP = /(?<![\w'.])(?:admit|give_up)(?![\w'])/;
const MARK = /^\(\*\s*prove\s*\*\)$/i;

/** A sentence: its place in the text, and its words without comments. */
export interface Sentence {
  start: number;
  end: number;
  words: string;
  /** Whether `(* prove *)` stands behind it, and it states something or begins a proof. */
  marked: boolean;
}

export interface Split {
  sentences: Sentence[];
  /** What is open at the end of the text. */
  unclosed: "" | "comment" | "string" | "sentence";
}

/** The sentences of a text. Comments nest; a string in a comment hides what would end it, as in Coq. */
export function split(text: string): Split {
  const sentences: Sentence[] = [];
  let words = "";
  let start = -1;
  let at = 0;
  const skipString = (): boolean => {
    const end = text.indexOf('"', at + 1);
    at = end < 0 ? text.length : end + 1;
    return end >= 0;
  };
  while (at < text.length) {
    const letter = text.charAt(at);
    if (text.startsWith("(*", at)) {
      const begin = at;
      let depth = 1;
      at += 2;
      while (at < text.length && depth > 0) {
        if (text.startsWith("(*", at)) {
          depth++;
          at += 2;
        } else if (text.startsWith("*)", at)) {
          depth--;
          at += 2;
        } else if (text.charAt(at) === '"') skipString();
        else at++;
      }
      if (depth > 0) return { sentences, unclosed: "comment" };
      const last = sentences.at(-1);
      if (last !== undefined && start < 0 && begins(last)) last.marked ||= MARK.test(text.slice(begin, at));
      words += " ";
    } else if (letter === '"') {
      const begin = at;
      if (start < 0) start = at;
      if (!skipString()) return { sentences, unclosed: "string" };
      words += text.slice(begin, at);
    } else {
      if (start < 0 && !/\s/.test(letter)) start = at;
      words += letter;
      at++;
      if (letter === "." && ends(text, at)) {
        sentences.push({ start, end: at, words: words.trim(), marked: false });
        words = "";
        start = -1;
      }
    }
  }
  return { sentences, unclosed: words.trim() === "" ? "" : "sentence" };
}

/** Whether a proof may follow. */
function begins({ words }: Sentence): boolean {
  return STATES.test(words) || /^Proof\s*\./.test(words);
}

/** Whether the full stop just before `at` ends a sentence: `..` stands in notations, `...` ends one. */
function ends(text: string, at: number): boolean {
  if (at < text.length && !/\s/.test(text.charAt(at))) return false;
  const dots = /\.+$/.exec(text.slice(Math.max(0, at - 4), at))?.[0].length ?? 0;
  return dots !== 2;
}

export type Intent =
  | { kind: "prove"; name: string; statement: string; context: string }
  | { kind: "fill"; hint: string }
  | { kind: "nothing"; why: string };

/** What to do about a statement at the end that nothing gives up; empty where there is none. */
function openEnd(sentences: readonly Sentence[]): string {
  const last = sentences.findLast(({ words }) => !/^Proof\s*\./.test(words));
  if (last === undefined || last.words.includes(":=") || sentences.at(-1)?.marked === true || last.marked) return "";
  const [, kind = "", name = ""] = STATES.exec(last.words) ?? [];
  if (kind === "") return "";
  return `${(kind !== "Goal" && name) || "The last statement"} is left out: write Admitted. after it.`;
}

/** What is to be done with a text: fill its open proofs, or prove the statement that it ends with. */
export function intent(text: string): Intent {
  const { sentences, unclosed } = split(text);
  if (text.trim() === "") return { kind: "nothing", why: "Paste a statement, or a file with open proofs." };
  if (unclosed === "comment") return { kind: "nothing", why: "A comment has no end: close it with *)." };
  if (unclosed === "string") return { kind: "nothing", why: 'A string has no end: close it with ".' };
  const open = sentences.some(
    ({ words, marked }) => marked || /^(?:Admitted|Abort)\b/.test(words) || GIVES_UP.test(words),
  );
  if (open) return { kind: "fill", hint: openEnd(sentences) };
  if (unclosed === "sentence")
    return { kind: "nothing", why: "The last sentence has no end: put a full stop after it." };
  const last = sentences.findLastIndex(({ words }) => STATES.test(words));
  const found = sentences[last];
  if (found === undefined)
    return {
      kind: "nothing",
      why: "There is nothing to prove: end the text with a statement, such as “Lemma a (n : nat) : n + 0 = n.”",
    };
  const after = sentences.slice(last + 1).filter(({ words }) => !/^Proof\b/.test(words));
  const [, kind = "", name = ""] = STATES.exec(found.words) ?? [];
  const defined = /^(?:Definition|Instance|Let)$/.test(kind) && found.words.includes(":=");
  if (defined || after.some(({ words }) => ENDS.test(words)) || after.length > 0)
    return {
      kind: "nothing",
      why: after.some(({ words }) => ENDS.test(words))
        ? "Every proof here has its end: write Admitted. where one is missing."
        : defined
          ? "There is nothing to prove: the text ends with a definition."
          : "The last proof has no end: close it with Admitted. and it is finished for you.",
    };
  return {
    kind: "prove",
    name: kind === "Goal" ? "Goal" : name,
    statement: text.slice(found.start, found.end),
    context: text.slice(0, found.start),
  };
}
