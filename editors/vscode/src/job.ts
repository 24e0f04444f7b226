import * as vscode from "vscode";
import { fill } from "./core/client";
import { type Found, type ToSource, proofsOf, proofsOfSteps } from "./core/edits";
import { type Place, scan } from "./core/places";
import { plain } from "./core/plain";
import type { FillRequest, FilledTheorem } from "./core/protocol";
import { Progress } from "./core/steps";
import { FollowedDocument, derivedLogicalName, shortName } from "./documents";
import type { Settings } from "./settings";

/** What is sent for a document. */
export interface Wanted {
  readonly text: string;
  /** The names of the theorems; empty: all that are open. */
  readonly theorems: readonly string[];
  readonly toSource: ToSource;
}

/** What came of it, or why nothing did; the proofs that were found either way. */
export interface Done {
  readonly proofs: readonly Found[];
  readonly theorems: readonly FilledTheorem[];
  readonly error: unknown;
}

const REPORT_MS = 100;

/** The prover at work on one document. */
export class Job {
  readonly progress = new Progress();
  private readonly controller = new AbortController();

  constructor(
    readonly document: FollowedDocument,
    private readonly wanted: Wanted,
    private readonly settings: Settings,
    private readonly token: string,
    private readonly log: vscode.LogOutputChannel,
    /** Called when another theorem has its turn. */
    private readonly onTheorem: () => void,
  ) {}

  get uri(): vscode.Uri {
    return this.document.uri;
  }

  /** Closes the stream; with that the server stops the work. */
  stop(): void {
    this.controller.abort();
  }

  /** Runs it under a notification with a button that stops it. Nothing is thrown. */
  async run(target: vscode.TextDocument): Promise<Done> {
    return await vscode.window.withProgress(
      {
        location: vscode.ProgressLocation.Notification,
        title: `Palmetto: ${shortName(this.uri)}`,
        cancellable: true,
      },
      async (report, cancellation) => {
        const stopping = cancellation.onCancellationRequested(() => {
          this.stop();
        });
        const reporter = new Reporter(this.progress, report);
        const places = scan(this.wanted.text).places;
        try {
          const request = await this.request(target);
          const result = await fill(request, {
            baseUrl: this.settings.serverUrl,
            token: this.token,
            signal: this.controller.signal,
            onStep: (step) => {
              this.progress.take(step);
              reporter.changed();
              if (step.kind === "theorem") this.onTheorem();
              this.log.trace(step.kind, JSON.stringify(step.data));
            },
            onWait: (seconds) => {
              this.progress.waits(seconds);
              reporter.changed();
              this.log.info(`The prover has no room: it is tried again in ${seconds} s.`);
            },
          });
          const proofs = proofsOf(result.theorems, this.wanted.text, places, this.wanted.toSource);
          return { proofs, theorems: result.theorems, error: undefined };
        } catch (error) {
          return { proofs: this.found(places), theorems: [], error };
        } finally {
          reporter.stop();
          stopping.dispose();
        }
      },
    );
  }

  /** The proofs that had been found when it was broken off: each of them checked, but not the file with all of them. */
  private found(places: readonly Place[]): Found[] {
    const { text, theorems, toSource } = this.wanted;
    const asked = theorems.length ? places.filter((one) => theorems.includes(one.name)) : places;
    return proofsOfSteps(this.progress.results, text, asked, toSource);
  }

  private async request(target: vscode.TextDocument): Promise<FillRequest> {
    const { budgetCpuSeconds, samples, jobs, project, logicalName, toolchain } = this.settings;
    return {
      text: this.wanted.text,
      theorems: this.wanted.theorems,
      project,
      logical_name: logicalName || (await derivedLogicalName(target)),
      budget_cpu_s: budgetCpuSeconds,
      jobs,
      ...(samples === null ? {} : { samples }),
      // An older server knows no such field.
      ...(toolchain === "" ? {} : { toolchain }),
    };
  }
}

/** Tells where the work stands, not more often than can be read. */
class Reporter {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private reported = 0;

  constructor(
    private readonly progress: Progress,
    private readonly report: vscode.Progress<{ message: string; increment?: number }>,
  ) {
    report.report({ message: plain(progress.describe()) });
  }

  changed(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      const { done } = this.progress;
      const increment = (done - this.reported) * 100;
      this.reported = done;
      this.report.report({ message: plain(this.progress.describe()), ...(increment > 0 ? { increment } : {}) });
    }, REPORT_MS);
  }

  stop(): void {
    clearTimeout(this.timer);
  }
}
