/** What the prover's HTTP service takes and says; see docs/prover-http.md. */

export interface Hypothesis {
  names: string[];
  type: string;
  body: string | null;
}

export interface Goal {
  hypotheses: Hypothesis[];
  conclusion: string;
}

export interface Child {
  node: number;
  goal: Goal | null;
}

export interface StageCost {
  name: string;
  cpu_s: number;
  wall_s: number;
}

export type Verdict = "PROVED" | "NOT_PROVED" | "TIMEOUT" | "ERROR" | "CANCELLED";

/** How the work on a theorem ended. */
export interface Ending {
  verdict: Verdict;
  script: string;
  prelude: string;
  axioms: string[];
  /** Parts of Coq's kernel that the proof uses beyond its plain core. */
  features: string[];
  /** Public reports of soundness bugs of this Coq that touch them. */
  known_bugs: string[];
  how: string;
  cpu_s: number;
  wall_s: number;
  stages: StageCost[];
  model: string;
  model_answers: number;
  prompt_tokens: number;
  completion_tokens: number;
  coq_version: string;
  toolchain: string;
  message: string;
  partial: string;
  holes: number;
}

export type TheoremEnding = Ending & { theorem: string };

export interface Position {
  line: number;
  character: number;
}

export interface Edit {
  start: Position;
  end: Position;
  new_text: string;
}

export interface FilledTheorem {
  theorem: string;
  why: string;
  edits: Edit[];
  result: TheoremEnding;
}

/** The end of a `fill`; `verdict` and `message` stand in it where it did not run to its end. */
export interface FillResult {
  id: string;
  filled: number;
  places: number;
  theorems: FilledTheorem[];
  text: string;
  verdict?: Verdict;
  message?: string;
}

export type ProveResult = TheoremEnding & { id: string };

interface At {
  at_s: number;
}

export type ProverEvent =
  | ({ kind: "started"; statement: string; goals: Goal[] } & At)
  | ({ kind: "stage"; name: string; cpu_s: number; budget_cpu_s: number } & At)
  | ({ kind: "retrieved"; premises: string[]; message: string } & At)
  | ({
      kind: "generated";
      sample: number;
      answer: string;
      script: string;
      score: number;
      message: string;
      source?: string;
    } & At)
  | ({
      kind: "ran";
      attempt: number;
      node: number;
      sentence: string;
      ok: boolean;
      goals: number;
      message: string;
    } & At)
  | ({ kind: "repaired"; attempt: number; node: number; error_class: string; before: string; after: string } & At)
  | ({ kind: "applied"; attempt: number; node: number; tactic: string; how: string; children: Child[] } & At)
  | ({ kind: "undone"; attempt: number; node: number } & At)
  | ({ kind: "hole"; id: number; goal: Goal | null } & At)
  | ({ kind: "filled"; id: number; tactic: string; how: string } & At)
  | ({ kind: "failed"; id: number } & At)
  | ({ kind: "backtracked"; node: number; tactic: string } & At)
  | ({ kind: "candidate"; script: string } & At)
  | ({ kind: "finished" } & Ending & At)
  | { kind: "places"; theorems: { theorem: string; why: string }[] }
  | { kind: "theorem"; theorem: string; number: number; of: number }
  | ({ kind: "filled_theorem" } & TheoremEnding);

/** What every attempt may be asked to keep to. */
export interface Options {
  budget_cpu_s: number;
  samples: number | null;
  seed: number;
  jobs: number;
  backtrack: boolean;
  retrieval: boolean;
  use_model: boolean;
  hammer: boolean;
  /** Empty: what the project needs. */
  toolchain: string;
}

export type ProveRequest = Partial<Options> &
  (
    | { project: string; file: string; theorem: string; index: number }
    | { statement: string; context: string; project: string }
  );

export type FillRequest = Partial<Options> & { text: string; project: string };

export interface Project {
  name: string;
  files: string[];
  toolchain: string;
  toolchain_why: string;
}

/** A Coq or Rocq that the checker has or can have. */
export interface Toolchain {
  name: string;
  coq_version: string;
  state: "ready" | "not built" | "unusable";
  problem: string;
  is_default: boolean;
}

export interface Theorem {
  name: string;
  file: string;
  index: number;
  kind: string;
  statement: string;
}

export interface Experiment {
  name: string;
  model: string;
  created_at: string;
  projects: string[];
  theorems: number;
  proved: number;
}

export interface Session {
  needed: boolean;
  authenticated: boolean;
}

/** The first message of a stream: what was asked. */
export interface About {
  id: string;
  project?: string;
  theorem?: string;
  file?: string;
  index?: number | null;
  budget_cpu_s?: number;
}

export interface AttemptState {
  id: string;
  kind: "prove" | "fill";
  state: "waiting" | "running" | "finished" | "cancelled";
}
