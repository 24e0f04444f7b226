/** Proofs for what is open in a Coq file, found by a Palmetto prover. */

import * as vscode from "vscode";
import { SELECTOR, documentOf } from "./documents";
import { Lenses } from "./lenses";
import { inform } from "./notices";
import { Proposals } from "./proposals";
import { Prover } from "./prove";
import { Tokens } from "./tokens";

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("Palmetto", { log: true });
  const tokens = new Tokens(context.secrets);
  const proposals = new Proposals();
  const prover = new Prover(tokens, proposals, log);
  const lensesChanged = new vscode.EventEmitter<void>();
  const command = (name: string, run: (...given: unknown[]) => unknown): vscode.Disposable =>
    vscode.commands.registerCommand(`palmetto.${name}`, run);

  context.subscriptions.push(
    log,
    proposals,
    prover,
    lensesChanged,
    prover.onDidChange(() => {
      lensesChanged.fire();
    }),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("palmetto.codeLens")) lensesChanged.fire();
    }),
    vscode.languages.registerCodeLensProvider(SELECTOR, new Lenses(prover, lensesChanged.event)),
    command("proveThis", async (uri, position) => {
      const document = await given(uri);
      if (!document) return;
      const at = position instanceof vscode.Position ? position : cursorIn(document);
      await prover.prove(document, { kind: "at", offset: document.offsetAt(at) });
    }),
    command("fillAll", async (uri) => {
      const document = await given(uri);
      if (document) await prover.prove(document, { kind: "all" });
    }),
    command("cancel", (uri) => {
      prover.stop(uri instanceof vscode.Uri ? uri : vscode.window.activeTextEditor?.document.uri);
    }),
    command("setToken", () => tokens.ask(vscode.window.activeTextEditor?.document.uri)),
    command("showLog", () => {
      log.show();
    }),
    command("applyProposal", (uri) => proposals.applyShown(uri instanceof vscode.Uri ? uri : undefined)),
    command("discardProposal", (uri) => proposals.discardShown(uri instanceof vscode.Uri ? uri : undefined)),
  );
}

/** The document of a command: the one that it was called on, or the active one. */
async function given(uri: unknown): Promise<vscode.TextDocument | undefined> {
  const document = uri instanceof vscode.Uri ? await documentOf(uri) : vscode.window.activeTextEditor?.document;
  if (!document) void inform("Open a Coq file first.");
  return document;
}

function cursorIn(document: vscode.TextDocument): vscode.Position {
  const active = vscode.window.activeTextEditor;
  const editor =
    active?.document === document ? active : vscode.window.visibleTextEditors.find((one) => one.document === document);
  return editor?.selection.active ?? new vscode.Position(0, 0);
}
