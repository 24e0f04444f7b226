import * as vscode from "vscode";
import { baseOf } from "./core/client";
import { Problem } from "./core/problems";
import { fail } from "./notices";
import { settingsOf } from "./settings";

/** Access tokens, in the editor's secret storage: one for each address, and sent to no other one. */
export class Tokens {
  constructor(private readonly secrets: vscode.SecretStorage) {}

  /** The token for an address; empty if there is none. */
  async get(serverUrl: string): Promise<string> {
    try {
      return (await this.secrets.get(key(serverUrl))) ?? "";
    } catch (error) {
      if (error instanceof Problem) return "";
      throw error;
    }
  }

  /** Asks for the token of the server that is set; whether one was given. */
  async ask(resource: vscode.Uri | undefined): Promise<boolean> {
    const { serverUrl } = settingsOf(resource);
    let name;
    try {
      name = key(serverUrl);
    } catch (error) {
      void fail(error instanceof Error ? error.message : String(error));
      return false;
    }
    const given = await vscode.window.showInputBox({
      title: "Palmetto: access token",
      prompt: `For the prover at ${baseOf(serverUrl)}. Leave it empty to forget the one that is kept.`,
      password: true,
      ignoreFocusOut: true,
      validateInput: (value) =>
        /[^\x21-\x7e]/.test(value.trim()) ? "A token holds visible ASCII characters only." : undefined,
    });
    if (given === undefined) return false;
    const token = given.trim();
    if (token) await this.secrets.store(name, token);
    else await this.secrets.delete(name);
    return token !== "";
  }
}

function key(serverUrl: string): string {
  return `token ${baseOf(serverUrl)}`;
}
