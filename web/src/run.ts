/** One request to the prover: the work on a theorem, or on all open ones of a text. */

import type { About, FillResult, ProveResult, ProverEvent, Verdict } from "./contract";
import { TheoremRun } from "./tree";

export type Phase = "connecting" | "waiting" | "running" | "over";

export interface Asked {
  kind: "prove" | "fill";
  /** The theorem's name, or what else names the work. */
  title: string;
  place: string;
  statement: string;
  budget: number | null;
  /** The text whose gaps are filled. */
  text: string | null;
}

/** What is known of it; `apply` takes in what the stream says. */
export class Run {
  id = "";
  /** What was asked, in the server's words; null as long as it has said nothing. */
  about: About | null = null;
  phase: Phase = "connecting";
  theorems: TheoremRun[] = [];
  current = 0;
  events = 0;
  prove: ProveResult | null = null;
  fill: FillResult | null = null;

  constructor(readonly asked: Asked) {}

  get theorem(): TheoremRun | null {
    return this.theorems[this.current] ?? null;
  }

  get over(): boolean {
    return this.phase === "over";
  }

  get verdict(): Verdict | null {
    return this.prove?.verdict ?? this.fill?.verdict ?? null;
  }

  begin(about: About): void {
    this.id = about.id;
    this.about = about;
    const { asked } = this;
    asked.title ||= about.theorem ?? "";
    asked.place ||= [about.project, about.file].filter(Boolean).join(" · ");
    asked.budget ??= about.budget_cpu_s ?? null;
    if (this.phase === "connecting") this.phase = "waiting";
  }

  apply(event: ProverEvent): void {
    this.events++;
    if (this.phase !== "over") this.phase = "running";
    if (event.kind === "places") {
      this.asked.kind = "fill";
      this.theorems = event.theorems.map((one) => new TheoremRun(one.theorem, one.why));
      return;
    }
    if (event.kind === "theorem") {
      this.current = event.number;
      return;
    }
    this.theorems[this.current] ??= new TheoremRun(this.asked.kind === "prove" ? this.asked.title : "");
    this.theorems[this.current]?.apply(event);
  }

  /** The answer, after the last event. */
  end(result: ProveResult | FillResult): void {
    this.phase = "over";
    if (!("text" in result)) {
      this.prove = result;
      const one = this.theorems[0] ?? new TheoremRun(result.theorem);
      this.theorems[0] = one;
      one.name ||= result.theorem;
      one.end(result);
      return;
    }
    this.asked.kind = "fill";
    this.fill = result;
    // The last word: a proof that the whole text was not accepted with is taken back.
    result.theorems.forEach((one, number) => {
      const run = this.theorems[number] ?? new TheoremRun(one.theorem, one.why);
      this.theorems[number] = run;
      run.end(one.result);
    });
    const message = result.message ?? "";
    for (const one of this.theorems) {
      if (one.ending === null && result.verdict !== undefined) one.stopped(result.verdict, message);
    }
  }
}
