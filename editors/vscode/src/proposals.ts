import * as vscode from "vscode";
import { FollowedDocument, documentOf, rangeOf, shortName } from "./documents";
import { type Change, type Found, applied } from "./core/edits";
import { quoted } from "./core/places";
import { fail, inform, warn } from "./notices";

const SCHEME = "palmetto-proposal";
const APPLY = "Apply";
const DISCARD = "Discard";

/** Proofs that were found for a document and are not in it yet. */
class Proposal implements vscode.Disposable {
  readonly uri: vscode.Uri;
  private readonly listening: vscode.Disposable;
  /** Where it can still be answered. */
  shown = { diff: false, notice: true };

  constructor(
    number: number,
    readonly document: FollowedDocument,
    readonly proofs: readonly Found[],
    changed: (uri: vscode.Uri) => void,
  ) {
    const name = shortName(document.uri);
    const path = `/${name.endsWith(".v") ? name : `${name}.v`}`;
    this.uri = vscode.Uri.from({ scheme: SCHEME, path, query: String(number) });
    this.listening = document.onDidChange(() => {
      changed(this.uri);
    });
  }

  /** The changes of the document as it is now. */
  place(text: string): { changes: Change[]; lost: string[]; placed: string[] } {
    this.document.followed.catchUp(text);
    return this.document.followed.place(this.proofs, text);
  }

  dispose(): void {
    this.listening.dispose();
    this.document.dispose();
  }
}

/** What came of putting proofs into a document. */
export interface Outcome {
  readonly placed: readonly string[];
  /** Their theorems were changed since they were sent. */
  readonly lost: readonly string[];
}

/** Puts proofs into a document, as one step that can be undone. Undefined where the document is gone or refuses. */
export async function putIn(document: FollowedDocument, proofs: readonly Found[]): Promise<Outcome | undefined> {
  const name = shortName(document.uri);
  const target = await documentOf(document.uri);
  if (!target) {
    void fail(`${name} was closed or is gone: the proofs are in Palmetto's log.`);
    return undefined;
  }
  const text = target.getText();
  document.followed.catchUp(text);
  const { changes, lost, placed } = document.followed.place(proofs, text);
  if (!changes.length) return { placed: [], lost };
  const edit = new vscode.WorkspaceEdit();
  for (const change of changes) edit.replace(target.uri, rangeOf(target, change), change.newText);
  if (await vscode.workspace.applyEdit(edit)) return { placed, lost };
  void fail(
    `${name} could not be changed: it is read only, or was changed at the same moment. The proofs are in Palmetto's log.`,
  );
  return undefined;
}

/** Says what came of it, where that is not simply all. */
export function tell(name: string, { placed, lost }: Outcome): void {
  if (!lost.length) return;
  const which = lost.map(quoted).join(", ");
  const changed = `${which} ${lost.length > 1 ? "were" : "was"} changed while the prover was at work`;
  if (placed.length) {
    void warn(`${name}: ${changed}, so only ${placed.map(quoted).join(", ")} got a proof.`);
  } else {
    void warn(`${name}: ${changed}, so nothing was put in. Prove it again.`);
  }
}

/** Shows proofs as a diff and asks for each document's once. */
export class Proposals implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly open = new Map<string, Proposal>();
  private readonly changes = new vscode.EventEmitter<vscode.Uri>();
  private readonly listening: vscode.Disposable;
  private count = 0;
  readonly onDidChange = this.changes.event;

  constructor() {
    this.listening = vscode.Disposable.from(
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
      vscode.window.tabGroups.onDidChangeTabs(({ closed }) => {
        for (const tab of closed) this.tabClosed(tab);
      }),
    );
  }

  dispose(): void {
    for (const proposal of this.open.values()) proposal.dispose();
    this.open.clear();
    this.listening.dispose();
    this.changes.dispose();
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const proposal = this.byOwnUri(uri);
    const target = proposal && (await documentOf(proposal.document.uri));
    if (!proposal || !target) return "";
    const text = target.getText();
    return applied(text, proposal.place(text).changes);
  }

  /** Whether proofs for this document wait for an answer. */
  waits(document: vscode.Uri): boolean {
    return this.open.has(document.toString());
  }

  /** Shows the proofs beside the document and asks whether to apply them. It takes over `document`. */
  async propose(document: FollowedDocument, proofs: readonly Found[], message: string): Promise<void> {
    this.count += 1;
    const proposal = new Proposal(this.count, document, proofs, (uri) => {
      this.changes.fire(uri);
    });
    this.forget(this.open.get(document.uri.toString()));
    this.open.set(document.uri.toString(), proposal);
    this.tellContext();
    await this.show(document.uri);
    const answer = await inform(message, APPLY, DISCARD);
    if (answer === APPLY) {
      await this.apply(proposal);
    } else if (answer === DISCARD) {
      await this.drop(proposal);
    } else {
      proposal.shown.notice = false;
      if (!proposal.shown.diff) await this.drop(proposal);
    }
  }

  /** Brings the diff to the front. */
  async show(document: vscode.Uri): Promise<void> {
    const proposal = this.open.get(document.toString());
    if (!proposal) return;
    const many = proposal.proofs.length > 1 ? `${proposal.proofs.length} proofs` : "1 proof";
    const title = `${shortName(document)}: ${many} by Palmetto`;
    await vscode.commands.executeCommand("vscode.diff", document, proposal.uri, title, { preview: false });
    proposal.shown.diff = true;
  }

  /** Applies the proofs shown at an address, or in the active diff, or the only ones. */
  async applyShown(uri: vscode.Uri | undefined): Promise<void> {
    const proposal = this.meant(uri);
    if (proposal) await this.apply(proposal);
  }

  async discardShown(uri: vscode.Uri | undefined): Promise<void> {
    const proposal = this.meant(uri);
    if (proposal) await this.drop(proposal);
  }

  async discardFor(document: vscode.Uri): Promise<void> {
    const proposal = this.open.get(document.toString());
    if (proposal) await this.drop(proposal);
  }

  private meant(uri: vscode.Uri | undefined): Proposal | undefined {
    const active = vscode.window.activeTextEditor?.document.uri;
    for (const one of [uri, active]) {
      const proposal = one && (this.byOwnUri(one) ?? this.open.get(one.toString()));
      if (proposal) return proposal;
    }
    const [only, ...others] = this.open.values();
    if (others.length) {
      void inform("Proofs wait for several files: go to the one that is meant.");
      return undefined;
    }
    return only;
  }

  private byOwnUri(uri: vscode.Uri): Proposal | undefined {
    return [...this.open.values()].find((one) => one.uri.toString() === uri.toString());
  }

  private async apply(proposal: Proposal): Promise<void> {
    if (!this.forget(proposal)) return;
    const outcome = await putIn(proposal.document, proposal.proofs);
    proposal.dispose();
    await this.closeDiff(proposal);
    if (outcome) tell(shortName(proposal.document.uri), outcome);
  }

  private async drop(proposal: Proposal): Promise<void> {
    if (!this.forget(proposal)) return;
    proposal.dispose();
    await this.closeDiff(proposal);
  }

  /** Whether it was still open. An answer to one that is not comes from a notice that was left on the screen. */
  private forget(proposal: Proposal | undefined): boolean {
    const name = proposal?.document.uri.toString();
    if (!proposal || name === undefined || this.open.get(name) !== proposal) return false;
    this.open.delete(name);
    this.tellContext();
    return true;
  }

  private tellContext(): void {
    void vscode.commands.executeCommand("setContext", "palmetto.proposing", this.open.size > 0);
  }

  private tabClosed(tab: vscode.Tab): void {
    const proposal = tab.input instanceof vscode.TabInputTextDiff && this.byOwnUri(tab.input.modified);
    if (!proposal) return;
    proposal.shown.diff = false;
    if (!proposal.shown.notice) void this.drop(proposal);
  }

  private async closeDiff(proposal: Proposal): Promise<void> {
    const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
    const shown = tabs.filter(
      ({ input }) => input instanceof vscode.TabInputTextDiff && input.modified.toString() === proposal.uri.toString(),
    );
    if (shown.length) await vscode.window.tabGroups.close(shown);
  }
}
