import * as vscode from "vscode";
import type { Problem, ProblemKind } from "./core/problems";
import { fail } from "./notices";
import { openSettings } from "./settings";

const AGAIN = "Try Again";
const SETTINGS = "Open Settings";
const TERMINAL = "Open Terminal";
const TOKEN = "Set Token";
const LOG = "Show Log";

const BUTTONS: Readonly<Record<ProblemKind, readonly string[]>> = {
  address: [SETTINGS],
  unreachable: [AGAIN, TERMINAL, SETTINGS],
  notProver: [SETTINGS],
  unauthorized: [TOKEN],
  tooLarge: [],
  invalid: [SETTINGS, LOG],
  busy: [AGAIN],
  notReady: [AGAIN],
  fault: [LOG],
  cut: [AGAIN],
  silent: [AGAIN],
  ended: [AGAIN],
};

export interface Remedies {
  /** Asks for a token; whether one was given. */
  readonly setToken: () => Promise<boolean>;
  readonly showLog: () => void;
}

/**
 * Tells what went wrong, with what helps.
 *
 * @param more a button of the caller; empty for none.
 * @returns whether to try again, and whether the caller's button was pressed.
 */
export async function explain(problem: Problem, remedies: Remedies, more: string): Promise<"again" | "more" | "no"> {
  const buttons = BUTTONS[problem.kind].filter((one) => one !== TERMINAL || hasTerminal());
  // A browser does not tell a server that is not there from one that does not let this page ask.
  const browser = problem.kind === "unreachable" && vscode.env.uiKind === vscode.UIKind.Web;
  const hint = browser ? " It must also let this page ask: see its PALMETTO_PROVER_ORIGINS." : "";
  const answer = await fail(problem.message + hint, ...(more ? [more] : []), ...buttons);
  switch (answer) {
    case undefined:
      return "no";
    case more:
      return "more";
    case AGAIN:
      return "again";
    case TOKEN:
      return (await remedies.setToken()) ? "again" : "no";
    case SETTINGS:
      await openSettings();
      return "no";
    case TERMINAL: {
      const terminal = vscode.window.createTerminal("Palmetto");
      terminal.show();
      // It stands there to be completed, with --project or the path of the program, and to be started by hand.
      terminal.sendText("palmetto up", false);
      return "no";
    }
    default:
      remedies.showLog();
      return "no";
  }
}

function hasTerminal(): boolean {
  return vscode.env.uiKind === vscode.UIKind.Desktop || vscode.env.remoteName !== undefined;
}
