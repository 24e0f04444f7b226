/**
 * The theorems of a Coq text, from the text alone. The names are those that the prover gives (`services/coqdata`), so
 * that one theorem can be asked for by its name; a test compares the two.
 */

import { type Sentence, identifier, sentences, words } from "./lexer";
import { classOf, equationsName, hasBody, nameAfterAs, nameAfterOf, readPrefix, statesMore } from "./shape";

/** A theorem. Offsets are in the text. */
export interface Theorem {
  /** With its modules; sections do not count. */
  readonly name: string;
  /** The sentence that states it. */
  readonly start: number;
  readonly statementEnd: number;
  /** `Proof.` and `Qed.` included; both at the statement's end where nothing stands there. */
  readonly proofStart: number;
  readonly proofEnd: number;
  /** `Qed`, `Admitted`, ...; `Proof` for `Proof TERM.`; undefined where the proof has no end. */
  readonly ending: string | undefined;
  /** It stands inside the proof of another one. */
  readonly nested: boolean;
  /** The statement states other theorems too (`with`). */
  readonly several: boolean;
}

const STATED = new Set(["Theorem", "Lemma", "Fact", "Remark", "Corollary", "Proposition", "Property"]);
/** These open a proof where no body is given. */
const DEFINED = new Set(["Definition", "Example", "Instance", "Let", "Fixpoint", "CoFixpoint", "Coercion"]);
const ENDS = new Set(["Qed", "Defined", "Admitted", "Abort", "Save"]);
/** After these a proof that was thought to be open is not: the statement had one already. */
const NOT_IN_PROOF = new Set(["Section", "End", "Module", "Inductive", "Record", "Class", "Require", "Import"]);
const MEASURED = /\{\s*(?:measure|wf)\b/;
const COMMAND_START = /^[A-Z#(]/;
const DEEPEST = 200;

interface Open {
  name: string;
  readonly goal: boolean;
  readonly statement: Sentence;
  readonly modules: string;
  readonly several: boolean;
  proofStart: number | undefined;
}

interface Command {
  readonly sentence: Sentence;
  readonly text: string;
  readonly at: number;
  readonly words: readonly string[];
  readonly program: boolean;
  readonly refine: boolean;
}

class Reader {
  private readonly path: { section: boolean; name: string }[] = [];
  private tooDeep = 0;
  private readonly open: Open[] = [];
  private readonly done: Theorem[] = [];
  private program = "";
  private programMode = false;
  private readonly obligations = new Map<string, number>();
  private readonly given = new Map<string, number>();

  constructor(private readonly source: string) {}

  read(): Theorem[] {
    const all = sentences(this.source);
    for (const sentence of all) this.sentence(sentence);
    const end = all.at(-1)?.end ?? 0;
    while (this.open.length) this.close(end, undefined);
    return this.done.sort((one, other) => one.start - other.start);
  }

  private close(end: number, ending: string | undefined): void {
    const opened = this.open.pop();
    if (opened) this.finish(opened, end, ending);
  }

  private finish(opened: Open, end: number, ending: string | undefined): void {
    this.done.push({
      name: opened.modules + opened.name,
      start: opened.statement.start,
      statementEnd: opened.statement.end,
      proofStart: opened.proofStart ?? end,
      proofEnd: end,
      ending,
      nested: this.open.length > 0,
      several: opened.several,
    });
  }

  private sentence(sentence: Sentence): void {
    const top = this.open.at(-1);
    if (sentence.mark || !COMMAND_START.test(this.source.charAt(sentence.start))) {
      this.inProof(sentence);
      return;
    }
    const text = this.source.slice(sentence.start, sentence.end);
    const prefix = readPrefix(text);
    const found = words(text, prefix.end, 4);
    const head = found[0] ?? "";
    const program = prefix.program || this.programMode;
    const command: Command = { sentence, text, at: prefix.end, words: found, program, refine: prefix.refine };
    if (top && top.proofStart === undefined && (NOT_IN_PROOF.has(head) || STATED.has(head) || DEFINED.has(head))) {
      this.open.pop(); // no proof follows
      this.finish(top, top.statement.end, undefined);
    }
    const opened = this.open.at(-1);
    if (opened && ENDS.has(head)) {
      this.inProof(sentence);
      const named = head === "Save" || head === "Defined" ? identifier(found[1]) : "";
      if (named) {
        opened.name = named;
      } else if (opened.goal && head !== "Abort") {
        this.fresh("Unnamed_thm", "Unnamed_thm", true);
      }
      this.close(sentence.end, head);
    } else if (opened && head === "Proof" && found.length > 1 && !/^(?:\.|using|with)$/.test(found[1] ?? "")) {
      this.inProof(sentence);
      this.close(sentence.end, "Proof");
    } else if (!this.opens(command)) {
      this.inProof(sentence);
    }
  }

  /** A proof that another one is nested in has begun already. */
  private inProof(sentence: Sentence): void {
    const top = this.open.at(-1);
    if (top) top.proofStart ??= sentence.start;
  }

  private modules(): string {
    return this.path.map(({ section, name }) => (section ? "" : `${name}.`)).join("");
  }

  private state(sentence: Sentence, name: string, more: { goal?: boolean; several?: boolean } = {}): true {
    this.inProof(sentence);
    this.open.push({
      name,
      goal: more.goal ?? false,
      several: more.several ?? false,
      statement: sentence,
      modules: this.modules(),
      proofStart: undefined,
    });
    return true;
  }

  /** The name that Coq gives for a stem: the first one that this module does not have yet. */
  private fresh(stem: string, first: string, take: boolean): string {
    const key = this.modules() + stem;
    const number = this.given.get(key) ?? 0;
    if (take) this.given.set(key, number + 1);
    if (!first) return `${stem}${number}`;
    return number ? `${first}${number - 1}` : first;
  }

  /** Whether the sentence opens a proof; modules and sections are noted. */
  private opens(command: Command): boolean {
    const { sentence, text, at, words: found } = command;
    const head = found[0] ?? "";
    const name = identifier(found[1]);
    if (STATED.has(head)) {
      if (command.program) this.program = name;
      return this.state(sentence, name, { several: statesMore(text, at) });
    }
    if (DEFINED.has(head)) return this.definition(command);
    switch (head) {
      case "Goal":
        return this.state(sentence, this.fresh("Unnamed_thm", "Unnamed_thm", false), { goal: true });
      case "Set":
      case "Unset":
        if (found[1] === "Program" && found[2] === "Mode") this.programMode = head === "Set";
        return false;
      case "Next":
      case "Obligation":
      case "Final":
        return this.obligation(command);
      case "Equations":
        this.program = `${equationsName(text, at)}_obligations`;
        return false;
      case "Add":
        return found.slice(1, 3).includes("Morphism") && this.state(sentence, nameAfterAs(text));
      case "Function":
        return MEASURED.test(text) && this.state(sentence, name);
      case "Derive":
        return text.includes("SuchThat") && this.state(sentence, nameAfterAs(text) || name);
      case "Module":
      case "Section":
      case "End":
        if (!this.open.length) this.block(command);
        return false;
      default:
        return false;
    }
  }

  private definition({ sentence, text, at, words: found, program, refine }: Command): boolean {
    const head = found[0] ?? "";
    const plain = found[1] !== "Fixpoint" && found[1] !== "CoFixpoint"; // Let Fixpoint
    let name = identifier(plain ? found[1] : found[2]);
    if (!name && head === "Instance") {
      name = this.fresh(`${classOf(text, at + head.length) || "anonymous"}_instance_`, "", true);
    }
    if (program) this.program = name;
    if (hasBody(text, at)) {
      if (!refine) return false;
    } else if (program && head === "Instance") {
      return false; // Program turns what is missing of an instance into obligations
    } else if (head === "Coercion" && (text.includes(">->") || !text.includes(":"))) {
      return false; // declares a function that is there
    }
    return this.state(sentence, name, { several: head.endsWith("ixpoint") && statesMore(text, at) });
  }

  private obligation({ sentence, text, words: found }: Command): boolean {
    const after = found[1] ?? "";
    if (after === "Tactic" || (found[0] !== "Obligation" && after !== "Obligation")) return false;
    const program = nameAfterOf(text) || this.program;
    const key = this.modules() + program;
    const told = found[0] === "Obligation" && /^[0-9]+$/.test(after);
    const number = told ? Number(after) : (this.obligations.get(key) ?? 0) + 1;
    this.obligations.set(key, number);
    return this.state(sentence, `${program}_obligation_${number}`);
  }

  private block({ text, at, words: found }: Command): void {
    if (found[0] === "End") {
      if (this.tooDeep) this.tooDeep -= 1;
      else this.path.pop();
      return;
    }
    let rest = found.slice(1);
    if (found[0] === "Module") {
      if (rest[0] === "Type") rest = rest.slice(1);
      while (rest[0] === "Import" || rest[0] === "Export") rest = rest.slice(1);
      if (hasBody(text, at, true)) return;
    }
    if (this.path.length >= DEEPEST) this.tooDeep += 1;
    else if (rest.length) this.path.push({ section: found[0] === "Section", name: identifier(rest[0]) });
  }
}

/** The theorems of a text in the order of their statements, statements that no proof follows too. */
export function theorems(source: string): Theorem[] {
  return new Reader(source).read();
}
