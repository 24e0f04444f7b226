/** Where the work stands, in words, from the prover's steps. */

import { type Step, type TheoremResult, asArray, numberOf, readTheoremResult, textOf } from "./protocol";

/** Reads the steps of one `fill`. */
export class Progress {
  /** The attempt's id at the server; empty until it is known. */
  attempt = "";
  /** How many theorems there are to be filled; 0 until it is known. */
  of = 0;
  /** The one that is worked on, from 1. */
  number = 0;
  theorem = "";
  /** What came of those that are done. */
  readonly results: TheoremResult[] = [];
  private doing = "waiting for the prover";
  private tried = 0;

  take({ kind, data }: Step): void {
    switch (kind) {
      case "attempt":
        this.attempt = textOf(data, "id");
        this.doing = "waiting for its turn";
        break;
      case "places":
        this.of = asArray(data["theorems"]).length;
        this.doing = this.of ? "" : "nothing to fill";
        break;
      case "theorem":
        this.theorem = textOf(data, "theorem");
        this.number = numberOf(data, "number") + 1; // the prover counts from 0
        this.of = numberOf(data, "of");
        this.tried = 0;
        this.doing = "reading the statement";
        break;
      case "started":
        this.doing = "looking for premises";
        break;
      case "retrieved":
        this.doing = `${asArray(data["premises"]).length} premises found`;
        break;
      case "generated":
        this.doing = `proposal ${numberOf(data, "sample") + 1} of ${data["source"] === "neighbours" ? "similar theorems" : "the model"}`;
        break;
      case "ran":
        this.tried += 1;
        this.doing = `${this.tried} tactics run`;
        break;
      case "repaired":
        this.doing = "repairing a proposal";
        break;
      case "hole":
      case "failed":
        this.doing = "looking for what closes a goal";
        break;
      case "filled":
        this.doing = "a goal was closed";
        break;
      case "backtracked":
        this.doing = "going back a step";
        break;
      case "candidate":
        this.doing = "checking a whole proof";
        break;
      case "filled_theorem":
        this.results.push(readTheoremResult(data));
        this.doing = this.number === this.of ? "checking the file as a whole" : "";
        break;
      default:
        break; // later servers may tell more
    }
  }

  /** How many are done, between 0 and 1. */
  get done(): number {
    return this.of ? this.results.length / this.of : 0;
  }

  get proved(): number {
    return this.results.filter((one) => one.verdict === "PROVED").length;
  }

  /** The prover has no room, and it is waited. */
  waits(seconds: number): void {
    this.doing = `the prover has no room, trying again in ${seconds} s`;
  }

  /** One line: which theorem of how many, and what is going on. */
  describe(): string {
    const place = this.theorem && (this.of > 1 ? `${this.theorem} (${this.number} of ${this.of})` : this.theorem);
    return [place, this.doing].filter(Boolean).join(": ");
  }
}
