/** Figures and names as people read them. */

import type { Ending, Verdict } from "./contract";
import type { Proof, State, TheoremRun } from "./tree";

export const STATES: Record<State, string> = {
  open: "open",
  working: "being worked on",
  closed: "closed",
  partly: "open below",
  failed: "not closed yet",
  backtracked: "taken back",
};

export function seconds(value: number): string {
  if (value < 10) return `${value.toFixed(1)} s`;
  if (value < 120) return `${Math.round(value)} s`;
  const whole = Math.round(value);
  return `${Math.floor(whole / 60)} min${whole % 60 === 0 ? "" : ` ${whole % 60} s`}`;
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

const HOWS: Record<string, string> = {
  cheap: "standard tactics",
  model: "the model",
  repaired: "a repaired proof of the model",
  search: "search",
  sauto: "sauto",
  hammer: "CoqHammer",
  premises: "retrieved lemmas",
  neighbours: "a similar proof",
};

/** What found a proof: `search+cheap` is search, then standard tactics. */
export function how(text: string): string {
  return text
    .split("+")
    .map((one) => HOWS[one] ?? one)
    .join(", ");
}

const STAGES: Record<string, string> = {
  start: "beginning",
  cheap: "standard tactics on the statement",
  model: "the model’s proofs",
  neighbours: "proofs of similar theorems",
  begun: "one step, then standard tactics",
  light: "more tactics on the statement",
  premises: "one step back with a premise",
  hammer: "CoqHammer on the statement",
  openings: "inductions and cases",
  holes: "goals that are left",
  search: "search, tactic by tactic",
  strong: "strong tactics on the statement",
  backtrack: "backtracking",
};

export function stage(name: string): string {
  return STAGES[name] ?? name;
}

const VERDICTS: Record<Verdict, string> = {
  PROVED: "Proved",
  NOT_PROVED: "Not proved",
  TIMEOUT: "Not proved",
  ERROR: "Could not be worked on",
  CANCELLED: "Stopped",
};

export function verdict(found: Verdict): string {
  return VERDICTS[found];
}

/** What a person who cannot look at the page hears at the end. */
export function spoken(name: string, ending: Ending): string {
  const said = unended(name, ending);
  return /[.!?]$/.test(said) ? said : `${said}.`;
}

function unended(name: string, ending: Ending): string {
  const subject = name === "" ? "The statement" : name;
  switch (ending.verdict) {
    case "PROVED":
      return `${subject} is proved. ${axioms(ending)}`;
    case "CANCELLED":
      return `The work on ${name || "the statement"} was stopped.`;
    case "ERROR":
      return `${subject} could not be worked on: ${ending.message}`;
    case "NOT_PROVED":
    case "TIMEOUT":
      return `${subject} is not proved: ${ending.message}`;
  }
}

export function axioms(ending: Ending): string {
  if (ending.axioms.length === 0) return "Closed under the global context";
  return `It rests on ${counted(ending.axioms.length, "axiom")}: ${ending.axioms.join(", ")}`;
}

/** What is going on, from the latest event. */
export function doing(run: TheoremRun): string {
  const working = run.working.length;
  switch (run.latest) {
    case "":
      return "Waiting for its turn";
    case "started":
      return "Looking for premises";
    case "candidate":
      return "The checker reads the whole script";
    default:
      if (working > 1) return `Filling ${working} goals at one time`;
      if (working === 1) return "Filling a goal";
      if (run.latest === "generated") return "Running proposed proofs";
      return "Running tactics";
  }
}

export function proofName(proof: Proof): string {
  return proof.number === null ? "Whole statement" : `Proof ${proof.place}`;
}

/** Where a proof stands, in a few words. */
export function standing(proof: Proof): string {
  if (proof.closed) return "closed";
  if (!proof.begun) return proof.number === null ? "tried directly" : "nothing of it ran";
  const { open, nodes } = proof.shape();
  return `${open} of ${counted(nodes, "goal")} open`;
}

/** One clear sentence: a capital at its beginning, unless a name stands there, and a full stop at its end. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  if (trimmed === "") return "";
  const first = /^[a-z]+[ ,:]/.test(trimmed) ? trimmed.charAt(0).toUpperCase() + trimmed.slice(1) : trimmed;
  return /[.!?…”)]$/.test(first) ? first : `${first}.`;
}
