import * as vscode from "vscode";

export interface Settings {
  readonly serverUrl: string;
  readonly budgetCpuSeconds: number;
  /** null: as many as suit the model. */
  readonly samples: number | null;
  readonly jobs: number;
  readonly project: string;
  /** Empty: to be derived. */
  readonly logicalName: string;
  /** Empty: the one that the project needs. */
  readonly toolchain: string;
  readonly confirm: "diff" | "apply";
  readonly codeLens: boolean;
}

/** What is set for a document. A value of the wrong type counts as not set: the editor marks it in its settings. */
export function settingsOf(resource: vscode.Uri | undefined): Settings {
  const found = vscode.workspace.getConfiguration("palmetto", resource);
  const text = (name: string): string => {
    const value = found.get<unknown>(name);
    return typeof value === "string" ? value.trim() : "";
  };
  const number = (name: string, otherwise: number): number => {
    const value = found.get<unknown>(name);
    return typeof value === "number" ? value : otherwise;
  };
  const samples = found.get<unknown>("samples");
  return {
    serverUrl: text("serverUrl"),
    budgetCpuSeconds: number("budgetCpuSeconds", 60),
    samples: typeof samples === "number" ? samples : null,
    jobs: number("jobs", 1),
    project: text("project"),
    logicalName: text("logicalName"),
    toolchain: text("toolchain"),
    confirm: found.get<unknown>("confirm") === "apply" ? "apply" : "diff",
    codeLens: found.get<unknown>("codeLens") !== false,
  };
}

export async function openSettings(): Promise<void> {
  await vscode.commands.executeCommand("workbench.action.openSettings", "palmetto.");
}
