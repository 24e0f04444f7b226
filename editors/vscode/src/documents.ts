import * as vscode from "vscode";
import { PROJECT_FILES, logicalName, rootsOf } from "./core/coqproject";
import { type Change, Followed } from "./core/edits";

/** The documents that lenses are shown in. Plain text counts where nothing else has taken `.v` (Verilog has it too). */
export const SELECTOR: vscode.DocumentSelector = [
  { language: "coq" },
  { language: "rocq" },
  { language: "plaintext", pattern: "**/*.v" },
];

export function isCoq(document: vscode.TextDocument): boolean {
  const { languageId, uri } = document;
  return languageId === "coq" || languageId === "rocq" || (languageId === "plaintext" && uri.path.endsWith(".v"));
}

/** Whether the document can be changed: no side of a diff, no older version, no file system that is read only. */
export function isEditable({ uri, isUntitled }: vscode.TextDocument): boolean {
  return isUntitled || vscode.workspace.fs.isWritableFileSystem(uri.scheme) === true;
}

/** The last part of a document's name. */
export function shortName(uri: vscode.Uri): string {
  return uri.path.split("/").at(-1) ?? uri.path;
}

/** The document of an address: the open one, or the file opened again; undefined where it is gone. */
export async function documentOf(uri: vscode.Uri): Promise<vscode.TextDocument | undefined> {
  const open = vscode.workspace.textDocuments.find((one) => one.uri.toString() === uri.toString() && !one.isClosed);
  if (open || uri.scheme === "untitled") return open;
  try {
    return await vscode.workspace.openTextDocument(uri);
  } catch {
    return undefined;
  }
}

/** A range of a document from offsets. */
export function rangeOf(document: vscode.TextDocument, { start, end }: Change): vscode.Range {
  return new vscode.Range(document.positionAt(start), document.positionAt(end));
}

/** Follows a document from now on. */
export class FollowedDocument implements vscode.Disposable {
  readonly uri: vscode.Uri;
  readonly followed: Followed;
  private readonly listening: vscode.Disposable;
  private readonly changes = new vscode.EventEmitter<void>();
  readonly onDidChange = this.changes.event;

  constructor(document: vscode.TextDocument) {
    this.uri = document.uri;
    this.followed = new Followed(document.getText());
    const name = document.uri.toString();
    this.listening = vscode.workspace.onDidChangeTextDocument((event) => {
      if (event.document.uri.toString() !== name || !event.contentChanges.length) return;
      for (const { rangeOffset, rangeLength, text } of event.contentChanges) {
        this.followed.change({ start: rangeOffset, end: rangeOffset + rangeLength, newText: text });
      }
      this.changes.fire();
    });
  }

  dispose(): void {
    this.listening.dispose();
    this.changes.dispose();
  }
}

/** The logical name of a document: what the nearest `_CoqProject` above it says, else the file's own name. */
export async function derivedLogicalName(document: vscode.TextDocument): Promise<string> {
  const { uri, isUntitled } = document;
  if (isUntitled) return "";
  const top = vscode.workspace.getWorkspaceFolder(uri)?.uri.path;
  const parts = uri.path.split("/");
  for (let depth = parts.length - 1; depth > 0; depth -= 1) {
    const folder = parts.slice(0, depth).join("/");
    const inside = parts.slice(depth).join("/");
    for (const name of PROJECT_FILES) {
      try {
        const bytes = await vscode.workspace.fs.readFile(uri.with({ path: `${folder}/${name}` }));
        return logicalName(inside, rootsOf(new TextDecoder().decode(bytes)));
      } catch {
        continue; // not here: one folder up
      }
    }
    if (folder === top) break;
  }
  return logicalName(shortName(uri), []);
}
