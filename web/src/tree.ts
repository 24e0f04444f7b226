/** The proofs of one theorem as trees, built from the prover's events. */

import type { Ending, Goal, ProverEvent, StageCost, Verdict } from "./contract";

/** What a goal looks like from outside. */
export type State = "open" | "working" | "closed" | "partly" | "failed" | "backtracked";

/** What happened at a goal. */
export type Entry =
  | { kind: "ran"; at: number; ok: boolean; text: string; goals: number; message: string }
  | { kind: "repaired"; at: number; text: string; after: string; errorClass: string }
  | { kind: "applied"; at: number; text: string; how: string; goals: number }
  | { kind: "undone"; at: number; text: string }
  | { kind: "gave up"; at: number; times: number };

/** So many of a goal's entries are kept, the latest. */
export const MOST_ENTRIES = 400;

/** A goal of a tree, with the tactic that stands on it. */
export class Node {
  goal: Goal | null;
  tactic: string | null = null;
  how = "";
  children: Node[] = [];
  work: "none" | "working" | "failed" | "backtracked" = "none";
  readonly entries: Entry[] = [];
  /** Entries that are not kept any longer. */
  dropped = 0;
  /** Sentences that did not go through, and repairs. */
  failures = 0;
  repairs = 0;

  constructor(
    readonly id: number,
    goal: Goal | null,
    readonly parent: Node | null,
    readonly proof: Proof,
  ) {
    this.goal = goal;
  }

  /** What is known of it, and of what is below. */
  get state(): State {
    if (this.tactic !== null) return this.children.every((child) => child.state === "closed") ? "closed" : "partly";
    return this.work === "none" ? "open" : this.work;
  }

  note(entry: Entry): void {
    this.entries.push(entry);
    if (this.entries.length > MOST_ENTRIES) {
      this.entries.shift();
      this.dropped++;
    }
  }

  /** It and all below, from the top. */
  *all(): Generator<Node> {
    yield this;
    for (const child of this.children) yield* child.all();
  }
}

export interface Shape {
  open: number;
  closed: number;
  working: number;
  nodes: number;
}

/** One try at the whole statement. `number` is null for what is tried on the statement before any tree is begun. */
export class Proof {
  readonly root: Node;
  /** When something last happened in it, seconds since the beginning. */
  activity = 0;
  /** The goal where it happened. */
  latest: Node;

  constructor(
    readonly number: number | null,
    /** Its place among the proofs, from 1: the prover's own numbers have gaps. */
    readonly place: number,
    rootId: number,
    goal: Goal | null,
  ) {
    this.root = new Node(rootId, goal, null, this);
    this.latest = this.root;
  }

  get begun(): boolean {
    return this.root.tactic !== null;
  }

  get closed(): boolean {
    return this.root.state === "closed";
  }

  shape(): Shape {
    const found: Shape = { open: 0, closed: 0, working: 0, nodes: 0 };
    for (const node of this.root.all()) {
      found.nodes++;
      if (node.tactic === null) found.open++;
      else if (node.children.length === 0) found.closed++;
      if (node.work === "working") found.working++;
    }
    return found;
  }

  /** Smaller is nearer to a proof: few open goals, and some closed already. */
  get distance(): number {
    if (!this.begun) return Infinity;
    const { open, closed } = this.shape();
    return open - (closed > 0 ? 0.5 : 0);
  }
}

export interface Answer {
  sample: number;
  answer: string;
  script: string;
  message: string;
  /** `model` or `neighbours`. */
  source: string;
}

export interface Counts {
  ran: number;
  failures: number;
  repairs: number;
  filled: number;
  undone: number;
}

const NOTHING: Ending = {
  verdict: "NOT_PROVED",
  script: "",
  prelude: "",
  axioms: [],
  features: [],
  known_bugs: [],
  how: "",
  cpu_s: 0,
  wall_s: 0,
  stages: [],
  model: "",
  model_answers: 0,
  prompt_tokens: 0,
  completion_tokens: 0,
  coq_version: "",
  toolchain: "",
  message: "",
  partial: "",
  holes: 0,
};

/** The number of the goal that stands for the statement where no tree has been begun. */
export const DIRECT = -1;

/** The work on one theorem. */
export class TheoremRun {
  statement = "";
  goals: Goal[] = [];
  premises: string[] = [];
  retrieverMessage = "";
  readonly answers: Answer[] = [];
  /** In the order in which they began. */
  readonly proofs: Proof[] = [];
  readonly direct: Proof;
  readonly counts: Counts = { ran: 0, failures: 0, repairs: 0, filled: 0, undone: 0 };
  /** The script that the checker reads now, or read last. */
  candidate = "";
  candidates = 0;
  ending: Ending | null = null;
  /** The time of the latest event, in seconds since the beginning. */
  at = 0;
  /** CPU spent as far as it is known, and the stage under way. */
  cpu: number | null = null;
  budget: number | null = null;
  stage = "";
  begun = false;
  /** Kind of the latest event. */
  latest = "";

  readonly #proofs = new Map<number, Proof>();
  readonly #nodes = new Map<number, Node>();
  /** Goals that were taken away: what is still said of them is of no use. */
  readonly #gone = new Set<number>();
  /** Goals worked on that are the statement's own. */
  readonly #onStatement = new Set<number>();

  constructor(
    public name = "",
    readonly why = "",
  ) {
    this.direct = new Proof(null, 0, DIRECT, null);
  }

  /** Takes in what happened; events of kinds that are not known change nothing. */
  apply(event: ProverEvent): void {
    this.latest = event.kind;
    if ("at_s" in event) this.at = Math.max(this.at, event.at_s);
    switch (event.kind) {
      case "started":
        this.begun = true;
        this.statement = event.statement;
        this.goals = event.goals;
        this.direct.root.goal = event.goals[0] ?? null;
        break;
      case "stage":
        this.stage = event.name;
        this.cpu = event.cpu_s;
        this.budget = event.budget_cpu_s;
        // A stage whose share is spent leaves its goals without a word.
        this.#rest();
        break;
      case "retrieved":
        this.premises = event.premises;
        this.retrieverMessage = event.message;
        break;
      case "generated":
        this.answers.push({
          sample: event.sample,
          answer: event.answer,
          script: event.script,
          message: event.message,
          source: event.source ?? "model",
        });
        break;
      case "ran": {
        const node = this.#at(event.node, event.attempt);
        if (node === null) break;
        this.counts.ran++;
        if (!event.ok) {
          node.failures++;
          this.counts.failures++;
        }
        // What went through comes again as `applied`.
        if (!event.ok) {
          const { at_s: at, ok, sentence: text, goals, message } = event;
          node.note({ kind: "ran", at, ok, text, goals, message });
        }
        this.#touch(node);
        break;
      }
      case "repaired": {
        const node = this.#at(event.node, event.attempt);
        if (node === null) break;
        node.repairs++;
        this.counts.repairs++;
        node.note({
          kind: "repaired",
          at: event.at_s,
          text: event.before,
          after: event.after,
          errorClass: event.error_class,
        });
        this.#touch(node);
        break;
      }
      case "applied": {
        const node = this.#at(event.node, event.attempt);
        if (node === null) break;
        node.tactic = event.tactic;
        node.how = event.how;
        node.work = "none";
        const old = node.children;
        node.children = event.children.map((child) => {
          const known = old.find((one) => one.id === child.node);
          if (known === undefined) {
            const made = new Node(child.node, child.goal, node, node.proof);
            this.#nodes.set(child.node, made);
            this.#gone.delete(child.node);
            return made;
          }
          known.goal = child.goal ?? known.goal;
          return known;
        });
        for (const child of old) if (!node.children.includes(child)) this.#forget(child);
        node.note({
          kind: "applied",
          at: event.at_s,
          text: event.tactic,
          how: event.how,
          goals: event.children.length,
        });
        this.#touch(node);
        break;
      }
      case "undone":
      case "backtracked": {
        const node = this.#nodes.get(event.node);
        if (node === undefined) break;
        if (node.tactic !== null) {
          this.counts.undone++;
          node.note({ kind: "undone", at: event.at_s, text: node.tactic });
        }
        for (const child of node.children) this.#forget(child);
        node.children = [];
        node.tactic = null;
        node.how = "";
        node.work = "backtracked";
        this.#touch(node);
        break;
      }
      case "hole": {
        const node = this.#hole(event.id);
        if (node === null) break;
        node.goal = event.goal ?? node.goal;
        node.work = "working";
        this.#touch(node);
        break;
      }
      case "filled": {
        this.counts.filled++;
        const node = this.#hole(event.id);
        if (node === null) break;
        this.#onStatement.delete(event.id);
        if (node.tactic === null && node !== this.direct.root) {
          node.tactic = event.tactic;
          node.how = event.how;
        }
        node.work = "none";
        this.#touch(node);
        break;
      }
      case "failed": {
        const node = this.#hole(event.id);
        if (node === null) break;
        this.#onStatement.delete(event.id);
        // A goal that got a tactic meanwhile has not failed.
        if (node.tactic === null) node.work = this.#stillOnStatement(node) ? "working" : "failed";
        const last = node.entries.at(-1);
        if (last?.kind === "gave up") {
          last.times++;
          last.at = event.at_s;
        } else node.note({ kind: "gave up", at: event.at_s, times: 1 });
        this.#touch(node);
        break;
      }
      case "candidate":
        this.candidate = event.script;
        this.candidates++;
        break;
      case "finished":
        this.#end(event);
        break;
      case "filled_theorem":
        this.#end(event);
        break;
      case "places":
      case "theorem":
        break;
    }
  }

  /** Nothing is worked on any longer. */
  #rest(): void {
    for (const node of this.working) node.work = "failed";
    this.#onStatement.clear();
  }

  /** The theorem's work was ended from outside, or its answer came without an event before. */
  #end(ending: Ending): void {
    this.ending = ending;
    // Nobody has counted to the end of what was stopped.
    if (ending.cpu_s > 0) this.cpu = ending.cpu_s;
    this.#rest();
    if (ending.verdict === "PROVED" && !this.proofs.some((proof) => proof.closed)) {
      // It was found as a whole, without a tree.
      const root = this.direct.root;
      root.tactic = body(ending.script);
      root.how = ending.how;
      root.work = "none";
      this.direct.latest = root;
    }
  }

  end(ending: Ending): void {
    if (this.ending?.verdict !== ending.verdict) this.#end(ending);
  }

  /** The work was stopped before it came to an end of its own. */
  stopped(verdict: Verdict, message: string): void {
    this.#end({ ...NOTHING, verdict, message, wall_s: this.at, cpu_s: this.cpu ?? 0 });
  }

  get stages(): StageCost[] {
    return this.ending?.stages ?? [];
  }

  /** Holes that are being worked on now, in all proofs. */
  get working(): Node[] {
    const found: Node[] = [];
    for (const proof of [this.direct, ...this.proofs])
      for (const node of proof.root.all()) if (node.work === "working") found.push(node);
    return found;
  }

  /** The proof that is nearest to its end; the one that was closed last where some are. */
  get best(): Proof {
    if (this.direct.closed) return this.direct;
    let best = this.direct;
    for (const proof of this.proofs) {
      if (!proof.begun) continue;
      const nearer = proof.distance - best.distance;
      const later = proof.activity >= best.activity;
      if (best === this.direct || nearer < 0 || (nearer === 0 && proof.closed && later)) best = proof;
    }
    return best;
  }

  node(id: number): Node | null {
    return id === DIRECT ? this.direct.root : (this.#nodes.get(id) ?? null);
  }

  /** The goal of that number; a number that was not heard of is the root of the proof's tree. */
  #at(id: number, attempt: number): Node | null {
    const known = this.#nodes.get(id);
    if (known !== undefined) return known;
    if (this.#gone.has(id)) return null;
    const had = this.#proofs.get(attempt);
    if (had !== undefined) return null;
    const proof = new Proof(attempt, this.proofs.length + 1, id, this.goals[0] ?? null);
    this.#proofs.set(attempt, proof);
    this.proofs.push(proof);
    this.#nodes.set(id, proof.root);
    if (this.#onStatement.delete(id)) {
      proof.root.work = "working";
      if (this.#onStatement.size === 0 && this.direct.root.work === "working") this.direct.root.work = "failed";
    }
    return proof.root;
  }

  /** A goal that is worked on; one that no tree has is the statement's own. */
  #hole(id: number): Node | null {
    const known = this.#nodes.get(id);
    if (known !== undefined) return known;
    if (this.#gone.has(id)) return null;
    this.#onStatement.add(id);
    return this.direct.root;
  }

  #stillOnStatement(node: Node): boolean {
    return node === this.direct.root && this.#onStatement.size > 0;
  }

  #forget(node: Node): void {
    for (const one of node.all()) {
      this.#nodes.delete(one.id);
      this.#gone.add(one.id);
      if (one.proof.latest === one) one.proof.latest = node.parent ?? one.proof.root;
    }
  }

  #touch(node: Node): void {
    node.proof.activity = this.at;
    node.proof.latest = node;
  }
}

/** A script without `Proof.` and its end. */
export function body(script: string): string {
  return script
    .replace(/^\s*Proof\b[^.]*\.\s*/, "")
    .replace(/\s*(?:Qed|Defined|Admitted)\.\s*$/, "")
    .trim();
}
