/** Notices on the screen. Their text comes from servers and files too: it is shown as it is, without links. */

import * as vscode from "vscode";
import { plain } from "./core/plain";

export function inform<Button extends string>(message: string, ...buttons: Button[]): Thenable<Button | undefined> {
  return vscode.window.showInformationMessage(plain(message), ...buttons);
}

export function warn<Button extends string>(message: string, ...buttons: Button[]): Thenable<Button | undefined> {
  return vscode.window.showWarningMessage(plain(message), ...buttons);
}

export function fail<Button extends string>(message: string, ...buttons: Button[]): Thenable<Button | undefined> {
  return vscode.window.showErrorMessage(plain(message), ...buttons);
}
