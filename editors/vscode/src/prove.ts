import * as vscode from "vscode";
import type { Found } from "./core/edits";
import { aimAt, quoted, scan } from "./core/places";
import { Problem, Stopped } from "./core/problems";
import type { FilledTheorem } from "./core/protocol";
import { FollowedDocument, documentOf, isCoq, isEditable, shortName } from "./documents";
import { explain } from "./explain";
import { type Done, Job, type Wanted } from "./job";
import { fail, inform, warn } from "./notices";
import { type Proposals, putIn, tell } from "./proposals";
import { openSettings, settingsOf } from "./settings";
import type { Tokens } from "./tokens";

/** What is asked for: the theorem at an offset, or all that are open. */
export type Target = { readonly kind: "all" } | { readonly kind: "at"; readonly offset: number };

/** Has theorems of documents proved: one job for each document at a time. */
export class Prover implements vscode.Disposable {
  private readonly jobs = new Map<string, Job>();
  private readonly changes = new vscode.EventEmitter<void>();
  /** A job began, came to another theorem, or ended. */
  readonly onDidChange = this.changes.event;

  constructor(
    private readonly tokens: Tokens,
    private readonly proposals: Proposals,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  dispose(): void {
    for (const job of this.jobs.values()) job.stop();
    this.changes.dispose();
  }

  /** What is under way for a document. */
  jobOf(uri: vscode.Uri): Job | undefined {
    return this.jobs.get(uri.toString());
  }

  /** Stops the job of a document; where it has none, or none is named, all. */
  stop(uri: vscode.Uri | undefined): void {
    const job = uri && this.jobOf(uri);
    for (const one of job ? [job] : this.jobs.values()) one.stop();
  }

  async prove(document: vscode.TextDocument, target: Target): Promise<void> {
    const name = shortName(document.uri);
    if (!isCoq(document)) {
      say(`${name} is not a Coq file: set its language to Coq if it is one.`);
      return;
    }
    if (!isEditable(document)) {
      say(`${name} cannot be changed, so no proof can be put into it.`);
      return;
    }
    if (!(await this.free(document.uri))) return;
    const wanted = want(document, target);
    if (!wanted) return;
    const followed = new FollowedDocument(document);
    const settings = settingsOf(document.uri);
    const job = new Job(followed, wanted, settings, await this.tokens.get(settings.serverUrl), this.log, () => {
      this.changes.fire();
    });
    // Another one may have begun while the token was read.
    if (this.jobOf(document.uri)) {
      followed.dispose();
      await this.free(document.uri);
      return;
    }
    this.log.info(`${name}: ${wanted.theorems.join(", ") || "all that is open"}, at ${settings.serverUrl}.`);
    this.jobs.set(document.uri.toString(), job);
    this.changed();
    let done: Done;
    try {
      done = await job.run(document);
    } finally {
      this.jobs.delete(document.uri.toString());
      this.changed();
    }
    this.record(name, job);
    const again = await (done.error === undefined ? this.finish(job, done) : this.breakOff(job, done));
    if (again) await this.again(followed, target);
  }

  /** Whether a document has no job and no proofs that wait. Where it has, what to do is asked. */
  private async free(uri: vscode.Uri): Promise<boolean> {
    const name = shortName(uri);
    const job = this.jobOf(uri);
    if (job) {
      const stop = "Stop It";
      const answer = await inform(`Palmetto is at work on ${name} already.`, stop);
      if (answer === stop) job.stop();
      return false;
    }
    if (!this.proposals.waits(uri)) return true;
    const [show, discard] = ["Show Them", "Discard Them"];
    const told = `Proofs for ${name} wait to be applied.`;
    const answer = await inform(told, show, discard);
    if (answer === show) await this.proposals.show(uri);
    if (answer !== discard) return false;
    await this.proposals.discardFor(uri);
    return true;
  }

  /** Deals with an answer. */
  private async finish(job: Job, { proofs, theorems }: Done): Promise<false> {
    const name = shortName(job.uri);
    const open = theorems.filter((one) => !proofs.some((proof) => proof.name === one.theorem));
    if (!theorems.length) {
      job.document.dispose();
      say(`There is nothing to fill in ${name}.`);
    } else if (!proofs.length) {
      job.document.dispose();
      await this.sayNone(name, open);
    } else {
      const found =
        theorems.length === 1
          ? `A proof of ${listed(proofs.map((one) => one.name))} was found.`
          : `${proofs.length} of ${theorems.length} theorems proved.`;
      const missing = open.length ? ` Not proved: ${listed(open.map((one) => one.theorem))}.` : "";
      await this.offer(job, proofs, found + missing);
    }
    return false;
  }

  /** Deals with work that came to no answer; whether to begin again. */
  private async breakOff(job: Job, { error, proofs }: Done): Promise<boolean> {
    const many = proofs.length > 1 ? `${proofs.length} proofs that were` : "A proof that was";
    const message = `${many} found before it was broken off: checked one by one, not the file as a whole.`;
    const show = proofs.length ? "Show What Was Found" : "";
    if (error instanceof Stopped) {
      this.log.info("Stopped.");
      const told = `Stopped: ${listed(proofs.map((one) => one.name))} had been proved.`;
      if (show && (await inform(told, show)) === show) {
        await this.offer(job, proofs, message, true);
      } else {
        job.document.dispose();
        if (!show) vscode.window.setStatusBarMessage("Palmetto: stopped", 5000);
      }
      return false;
    }
    const problem =
      error instanceof Problem ? error : new Problem("fault", `Palmetto's extension has a fault: ${String(error)}`);
    this.log.error(error instanceof Problem ? error.message : error instanceof Error ? error : String(error));
    const remedies = {
      setToken: () => this.tokens.ask(job.uri),
      showLog: () => {
        this.log.show();
      },
    };
    const answer = await explain(problem, remedies, show);
    if (answer === "more") await this.offer(job, proofs, message, true);
    else if (answer === "no") job.document.dispose();
    return answer === "again";
  }

  /** Puts proofs in, or shows them first, as it is set. It takes over the job's document. */
  private async offer(job: Job, proofs: readonly Found[], message: string, ask = false): Promise<void> {
    const { document } = job;
    const name = shortName(job.uri);
    if (!ask && settingsOf(job.uri).confirm === "apply") {
      const outcome = await putIn(document, proofs);
      document.dispose();
      if (!outcome) return;
      tell(name, outcome);
      if (!outcome.lost.length) say(`${name}: ${message}`);
      return;
    }
    const target = await documentOf(job.uri);
    if (!target) {
      document.dispose();
      void fail(`${name} was closed or is gone: the proofs are in Palmetto's log.`);
      return;
    }
    const text = target.getText();
    document.followed.catchUp(text);
    const { placed, lost } = document.followed.place(proofs, text);
    if (!placed.length) {
      document.dispose();
      tell(name, { placed, lost });
      return;
    }
    const changed = document.followed.changed ? " The file was changed since it was sent, and not checked again." : "";
    const gone = lost.length ? ` Left out, for they were changed: ${listed(lost)}.` : "";
    await this.proposals.propose(document, proofs, `${name}: ${message}${gone}${changed}`);
  }

  private async sayNone(name: string, open: readonly FilledTheorem[]): Promise<void> {
    const [settings, log] = ["Open Settings", "Show Log"];
    const messages = new Set(open.map((one) => one.result.message.trim()));
    const [only] = messages;
    const why = messages.size === 1 && only ? `: ${only}` : ".";
    const error = open.every((one) => one.result.verdict === "ERROR");
    const which = open.length > 1 ? `any of the ${open.length} theorems` : listed(open.map((one) => one.theorem));
    const told = `${name}: no proof was found for ${which}${why}`;
    const answer = await warn(told, ...(error ? [settings, log] : [log]));
    if (answer === settings) await openSettings();
    else if (answer === log) this.log.show();
  }

  private async again(followed: FollowedDocument, target: Target): Promise<void> {
    const document = await documentOf(followed.uri);
    if (document) followed.followed.catchUp(document.getText());
    const next: Target = target.kind === "at" ? { kind: "at", offset: followed.followed.moved(target.offset) } : target;
    followed.dispose();
    if (document) await this.prove(document, next);
  }

  /** What came of each theorem, in the log: there a proof is still found when its document is gone. */
  private record(name: string, { progress }: Job): void {
    for (const { theorem, verdict, how, cpuSeconds, message, prelude, script, partial } of progress.results) {
      const cost = `${cpuSeconds.toFixed(1)} CPU seconds`;
      this.log.info(`${name}: ${theorem}: ${verdict}, ${[how, cost].filter(Boolean).join(", ")}. ${message}`.trim());
      if (script) this.log.info(`the proof of ${theorem}:\n${prelude ? `${prelude}\n` : ""}${script}`);
      else if (partial) this.log.info(`the best that was found for ${theorem}:\n${partial}`);
    }
  }

  private changed(): void {
    void vscode.commands.executeCommand("setContext", "palmetto.running", this.jobs.size > 0);
    this.changes.fire();
  }
}

/** What to send; undefined, and said, where there is nothing. */
function want(document: vscode.TextDocument, target: Target): Wanted | undefined {
  const source = document.getText();
  if (target.kind === "all") {
    if (scan(source).places.length) return { text: source, theorems: [], toSource: (at) => at };
    const what = "no theorem is Admitted, Aborted, admitted or marked (* prove *)";
    say(`There is nothing to fill in ${shortName(document.uri)}: ${what}.`);
    return undefined;
  }
  const aim = aimAt(source, target.offset);
  if (aim.kind === "nothing") {
    say(aim.why);
    return undefined;
  }
  if (aim.note) say(aim.note);
  return { text: aim.text, theorems: [aim.name], toSource: aim.toSource };
}

function say(message: string): void {
  void inform(message);
}

/** Names in a sentence, not too many of them. */
function listed(names: readonly string[]): string {
  const shown = names.slice(0, 6).map(quoted).join(", ");
  return names.length > 6 ? `${shown} and ${names.length - 6} more` : shown;
}
