import { useEffect, useState } from "preact/hooks";

/** Coq text as it is, in a box of its own that can be scrolled by keys; `copy` names what its button copies. */
export function CoqText({ text, label, copy }: { text: string; label: string; copy?: string }) {
  return (
    <div class="coq">
      <pre tabIndex={0} role="region" aria-label={label}>
        {pieces(text)}
      </pre>
      {copy === undefined ? null : <Copy text={text} name={copy} />}
    </div>
  );
}

export function Copy({ text, name }: { text: string; name: string }) {
  const [said, say] = useState("");
  useEffect(() => {
    if (said === "") return undefined;
    const timer = setTimeout(() => say(""), 2500);
    return () => clearTimeout(timer);
  }, [said]);
  return (
    <span class="copying">
      <span role="status" class="quiet">
        {said}
      </span>
      <button type="button" class="button" onClick={() => void copied(text).then(say)}>
        {name}
      </button>
    </span>
  );
}

/** Copies; what came of it. */
async function copied(text: string): Promise<string> {
  try {
    await navigator.clipboard.writeText(text);
    return "Copied";
  } catch {
    return byHand(text) ? "Copied" : "The browser does not let this page copy: select the text instead.";
  }
}

/** Where the page is no secure context there is no clipboard but this one. */
function byHand(text: string): boolean {
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "away";
  const before = document.activeElement;
  document.body.append(field);
  field.select();
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- there is no other way over plain HTTP
  const done = document.execCommand("copy");
  field.remove();
  if (before instanceof HTMLElement) before.focus();
  return done;
}

const LONGEST = 20_000;
const WORDS =
  /(\(\*[\s\S]*?\*\))|("(?:[^"]|"")*")|^([ \t]*(?:[-+*]+|[{}])(?=\s|$))|\b(Lemma|Theorem|Fact|Remark|Corollary|Proposition|Property|Example|Goal|Definition|Instance|Fixpoint|Inductive|Require|Import|Export|From|Proof|Qed|Defined|Admitted|Abort|Program|Section|End|Module|forall|exists|fun|match|with|end|let|in|if|then|else)\b/gmu;

/** The text with comments, strings, bullets and words of the language set apart. Nothing but text comes out. */
function pieces(text: string) {
  if (text.length > LONGEST) return text;
  const found = [];
  let at = 0;
  for (const match of text.matchAll(WORDS)) {
    const [whole, comment, string, bullet] = match;
    if (match.index > at) found.push(text.slice(at, match.index));
    const kind =
      comment !== undefined ? "comment" : string !== undefined ? "string" : bullet !== undefined ? "bullet" : "word";
    found.push(
      <span class={kind} key={match.index}>
        {whole}
      </span>,
    );
    at = match.index + whole.length;
  }
  found.push(text.slice(at));
  return found;
}
