import * as vscode from "vscode";
import { scan } from "./core/places";
import { isEditable, rangeOf } from "./documents";
import type { Prover } from "./prove";
import { settingsOf } from "./settings";

/** “Prove this” above theorems that are open. */
export class Lenses implements vscode.CodeLensProvider {
  constructor(
    private readonly prover: Prover,
    readonly onDidChangeCodeLenses: vscode.Event<void>,
  ) {}

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    if (!settingsOf(document.uri).codeLens || !isEditable(document)) return [];
    const { uri } = document;
    const job = this.prover.jobOf(uri);
    const { places } = scan(document.getText());
    return places.flatMap(({ name, start }, number) => {
      const range = rangeOf(document, { start, end: start, newText: "" });
      const lens = (title: string, command: string, ...more: unknown[]): vscode.CodeLens =>
        new vscode.CodeLens(range, { title, command, arguments: [uri, ...more] });
      if (job) {
        const busy = "$(sync~spin) Palmetto is at work: stop";
        return job.progress.theorem === name ? [lens(busy, "palmetto.cancel")] : [];
      }
      const all = places.length > 1 && number === 0 ? [lens(`Fill all ${places.length}`, "palmetto.fillAll")] : [];
      return [lens("$(play) Prove this", "palmetto.proveThis", range.start), ...all];
    });
  }
}
