/**
 * A stand-in for VS Code, as far as the extension uses it: documents, edits, messages with buttons, progress with a
 * stop, diffs, tabs. It behaves as the editor's documentation says; what a person does is a method of `Editor`.
 */

import { readFile } from "node:fs/promises";
import Module, { createRequire } from "node:module";
import type * as api from "vscode";
import { type ContentChange, Document } from "./document";
import {
  CancellationTokenSource,
  CodeLens,
  Disposable,
  EventEmitter,
  Position,
  Range,
  Selection,
  TabInputTextDiff,
  Uri,
  WorkspaceEdit,
} from "./types";

/** A message on the screen. */
export interface Notice {
  kind: "information" | "warning" | "error";
  message: string;
  buttons: string[];
  /** Presses a button; without one the message is closed. */
  press(button?: string): void;
}

export interface Bar {
  title: string;
  messages: string[];
  done: boolean;
  increments: number;
  /** How long the log was when it came up. */
  logged: number;
  cancel(): void;
}

interface Tab {
  input: TabInputTextDiff;
  label: string;
}

interface Provider {
  provideTextDocumentContent(uri: Uri): Promise<string>;
  onDidChange: (listener: (uri: Uri) => unknown) => Disposable;
}

interface Manifest {
  contributes: {
    commands: { command: string }[];
    configuration: { properties: Record<string, { default: unknown }> };
  };
}

const WAIT_MS = 120_000;

export class Editor {
  readonly documents: Document[] = [];
  readonly notices: Notice[] = [];
  readonly bars: Bar[] = [];
  readonly context = new Map<string, unknown>();
  readonly settings = new Map<string, unknown>();
  readonly secrets = new Map<string, string>();
  readonly logged: string[] = [];
  readonly tabs: Tab[] = [];
  readonly terminals: { name: string; shown: boolean; sent: [string, boolean][] }[] = [];
  readonly commands = new Map<string, (...given: unknown[]) => unknown>();
  readonly called: string[] = [];
  readonly failures: unknown[] = [];
  active: { document: Document; selection: Selection } | undefined;
  /** What is typed into the next input box. */
  typed: string | undefined;
  folder: Uri | undefined;
  lenses: { provideCodeLenses(document: Document): CodeLens[] } | undefined;
  readonly lensesChanged = { count: 0 };
  /** Runs when an edit is on its way and not yet made. */
  beforeEdit: (() => void) | undefined;

  private readonly happened = new EventEmitter<void>();
  private readonly changed = new EventEmitter<{ document: Document; contentChanges: ContentChange[] }>();
  private readonly closed = new EventEmitter<Document>();
  private readonly tabsChanged = new EventEmitter<{ closed: Tab[]; opened: Tab[]; changed: Tab[] }>();
  private readonly configured = new EventEmitter<{ affectsConfiguration(name: string): boolean }>();
  private readonly providers = new Map<string, Provider>();
  private readonly subscriptions: Disposable[] = [];

  /** Loads the built extension into it. */
  constructor(root: string) {
    const require = createRequire(`${root}/package.json`);
    const manifest = require("./package.json") as Manifest;
    for (const [name, { default: value }] of Object.entries(manifest.contributes.configuration.properties)) {
      this.settings.set(name, value);
    }
    const loader = Module as unknown as { _load: (name: string, ...rest: unknown[]) => unknown };
    const load = loader._load;
    loader._load = (name, ...rest) => (name === "vscode" ? this.api() : load.call(Module, name, ...rest));
    try {
      const path = require.resolve("./dist/extension.js");
      Reflect.deleteProperty(require.cache, path);
      const extension = require(path) as { activate(context: unknown): void };
      extension.activate({
        subscriptions: this.subscriptions,
        secrets: {
          get: (name: string) => Promise.resolve(this.secrets.get(name)),
          store: (name: string, value: string) => Promise.resolve(this.secrets.set(name, value)),
          delete: (name: string) => Promise.resolve(this.secrets.delete(name)),
        },
      });
    } finally {
      loader._load = load;
    }
    const wanted = manifest.contributes.commands.map((one) => one.command).sort();
    const found = [...this.commands.keys()].filter((name) => name.startsWith("palmetto.")).sort();
    if (wanted.join() !== found.join()) throw new Error(`package.json has ${wanted.join()}, not ${found.join()}`);
  }

  /** Ends the extension; nothing of it may listen any more. */
  close(): void {
    for (const one of this.subscriptions.reverse()) one.dispose();
    if (this.changed.count || this.tabsChanged.count) throw new Error("something still listens");
    if (this.failures.length) throw new Error(`commands failed: ${this.failures.map(String).join("; ")}`);
  }

  open(text: string, path: string, languageId = "coq"): Document {
    const scheme = path.startsWith("/") ? "file" : "untitled";
    const document = new Document(Uri.from({ scheme, path }), languageId, text);
    this.documents.push(document);
    this.active = { document, selection: new Selection(new Position(0, 0), new Position(0, 0)) };
    return document;
  }

  closeDocument(document: Document): void {
    document.isClosed = true;
    this.documents.splice(this.documents.indexOf(document), 1);
    this.closed.fire(document);
  }

  /** Types: what stands in place of a text. */
  type(document: Document, before: string, after: string): void {
    const start = document.getText().indexOf(before);
    if (start < 0) throw new Error(`${before} is not there`);
    const range = new Range(document.positionAt(start), document.positionAt(start + before.length));
    this.tell(document, document.edit([{ range, newText: after }]));
  }

  /** Puts the cursor behind a text. */
  cursor(document: Document, text: string): void {
    const at = document.positionAt(document.getText().indexOf(text) + text.length);
    this.active = { document, selection: new Selection(at, at) };
  }

  undo(document: Document): void {
    const before = document.undo.pop();
    if (before === undefined) throw new Error("there is nothing to undo");
    const all = new Range(new Position(0, 0), document.positionAt(document.getText().length));
    this.tell(document, document.edit([{ range: all, newText: before }]));
    document.undo.pop();
  }

  /** Runs a command and does not wait for its end, as a person does not. */
  run(command: string, ...given: unknown[]): Promise<void> {
    const done = Promise.resolve(this.commands.get(command)?.(...given)).then(
      () => undefined,
      (error: unknown) => {
        this.failures.push(error);
      },
    );
    return done;
  }

  /** Waits until something is so. */
  async until<T>(what: string, look: () => T | undefined | false): Promise<T> {
    return await new Promise<T>((resolve, reject) => {
      const check = (): void => {
        const found = look();
        if (found === undefined || found === false) return;
        clearTimeout(timer);
        listening.dispose();
        resolve(found);
      };
      const listening = this.happened.event(check);
      const timer = setTimeout(() => {
        listening.dispose();
        const told = this.notices.map((one) => one.message).join(" | ");
        reject(new Error(`waited for: ${what}. Messages: ${told}. Log: ${this.logged.slice(-5).join(" | ")}`));
      }, WAIT_MS);
      check();
    });
  }

  /** The message that fits, once it is there; it is taken off the list. */
  async notice(pattern: RegExp): Promise<Notice> {
    const found = await this.until(String(pattern), () => this.notices.find((one) => pattern.test(one.message)));
    this.notices.splice(this.notices.indexOf(found), 1);
    return found;
  }

  /** What the right side of a tab shows. */
  async proposed(tab: Tab): Promise<string> {
    return (await this.providers.get(tab.input.modified.scheme)?.provideTextDocumentContent(tab.input.modified)) ?? "";
  }

  closeTab(tab: Tab): void {
    this.tabs.splice(this.tabs.indexOf(tab), 1);
    this.tabsChanged.fire({ closed: [tab], opened: [], changed: [] });
  }

  set(name: string, value: unknown): void {
    this.settings.set(name, value);
    this.configured.fire({ affectsConfiguration: (section) => name.startsWith(section) });
  }

  private tell(document: Document, contentChanges: ContentChange[]): void {
    this.changed.fire({ document, contentChanges });
    this.happened.fire();
  }

  private message(kind: Notice["kind"]): (message: string, ...buttons: string[]) => Promise<string | undefined> {
    return (message, ...buttons) =>
      new Promise((resolve) => {
        const press = (button?: string): void => {
          if (button !== undefined && !buttons.includes(button))
            throw new Error(`no button ${button}: ${buttons.join()}`);
          resolve(button);
        };
        this.notices.push({ kind, message, buttons, press });
        this.happened.fire();
      });
  }

  private async applyEdit(edit: WorkspaceEdit): Promise<boolean> {
    const versions = new Map(this.documents.map((one) => [one.uri.toString(), one.version]));
    this.beforeEdit?.();
    await Promise.resolve();
    for (const name of new Set(edit.replacements.map(({ uri }) => uri.toString()))) {
      const document = this.documents.find((one) => one.uri.toString() === name);
      // The editor refuses edits of a version that is no longer there.
      if (document?.version !== versions.get(name) || !document) return false;
      this.tell(document, document.edit(edit.replacements.filter(({ uri }) => uri.toString() === name)));
    }
    return true;
  }

  private async withProgress<T>(
    { title = "" }: { title?: string },
    task: (report: api.Progress<{ message?: string; increment?: number }>, token: unknown) => Promise<T>,
  ): Promise<T> {
    const source = new CancellationTokenSource();
    const bar: Bar = {
      title,
      messages: [],
      done: false,
      increments: 0,
      logged: this.logged.length,
      cancel: () => {
        source.cancel();
      },
    };
    this.bars.push(bar);
    const report = ({ message = "", increment = 0 }): void => {
      bar.messages.push(message);
      bar.increments += increment;
      this.happened.fire();
    };
    try {
      return await task({ report }, source.token);
    } finally {
      bar.done = true;
      this.happened.fire();
    }
  }

  private diff(original: Uri, modified: Uri, label: string): void {
    const shown = this.tabs.some(({ input }) => input.modified.toString() === modified.toString());
    if (!shown) this.tabs.push({ input: new TabInputTextDiff(original, modified), label });
    this.happened.fire();
  }

  private log(level: string): (...words: unknown[]) => void {
    return (...words) => {
      this.logged.push([level, ...words].map(String).join(" "));
      this.happened.fire();
    };
  }

  private async openDocument(uri: Uri): Promise<Document> {
    const open = this.documents.find((one) => one.uri.toString() === uri.toString());
    if (open) return open;
    const document = new Document(uri, "coq", await readFile(uri.fsPath, "utf8"));
    this.documents.push(document);
    return document;
  }

  private async execute(command: string, ...given: unknown[]): Promise<unknown> {
    this.called.push(command);
    if (command === "setContext") {
      this.context.set(given[0] as string, given[1]);
    } else if (command === "vscode.diff") {
      this.diff(...(given as [Uri, Uri, string]));
    } else {
      return await this.commands.get(command)?.(...given);
    }
    this.happened.fire();
    return undefined;
  }

  private register(name: string, run: (...given: unknown[]) => unknown): Disposable {
    if (this.commands.has(name)) throw new Error(`command '${name}' already exists`);
    this.commands.set(name, run);
    return new Disposable(() => this.commands.delete(name));
  }

  private api(): unknown {
    // eslint-disable-next-line @typescript-eslint/no-this-alias
    const editor = this;
    return {
      CodeLens,
      Disposable,
      EventEmitter,
      Position,
      Range,
      Selection,
      TabInputTextDiff,
      Uri,
      WorkspaceEdit,
      ProgressLocation: { SourceControl: 1, Window: 10, Notification: 15 },
      UIKind: { Desktop: 1, Web: 2 },
      env: { uiKind: 1, remoteName: undefined },
      commands: {
        registerCommand: this.register.bind(this),
        executeCommand: this.execute.bind(this),
      },
      languages: {
        registerCodeLensProvider: (
          _: unknown,
          provider: Editor["lenses"] & { onDidChangeCodeLenses: api.Event<void> },
        ) => {
          this.lenses = provider;
          return provider.onDidChangeCodeLenses(() => (this.lensesChanged.count += 1));
        },
      },
      window: {
        get activeTextEditor() {
          return editor.active;
        },
        get visibleTextEditors() {
          return editor.active ? [editor.active] : [];
        },
        showInformationMessage: this.message("information"),
        showWarningMessage: this.message("warning"),
        showErrorMessage: this.message("error"),
        showInputBox: () => Promise.resolve(this.typed),
        setStatusBarMessage: (message: string) => {
          this.log("status")(message);
          return new Disposable(() => undefined);
        },
        withProgress: this.withProgress.bind(this),
        createOutputChannel: () => ({
          ...Object.fromEntries(["trace", "debug", "info", "warn", "error"].map((level) => [level, this.log(level)])),
          show: () => {
            this.called.push("log.show");
          },
          dispose: () => undefined,
        }),
        createTerminal: (name: string) => {
          const terminal: Editor["terminals"][number] = { name, shown: false, sent: [] };
          this.terminals.push(terminal);
          return {
            show: () => {
              terminal.shown = true;
            },
            sendText: (text: string, execute = true) => {
              terminal.sent.push([text, execute]);
              this.happened.fire();
            },
          };
        },
        tabGroups: {
          get all() {
            return [{ tabs: [...editor.tabs] }];
          },
          onDidChangeTabs: this.tabsChanged.event,
          close: (tabs: Tab[]) => {
            for (const tab of tabs) this.closeTab(tab);
            return Promise.resolve(true);
          },
        },
      },
      workspace: {
        get textDocuments() {
          return [...editor.documents];
        },
        onDidChangeTextDocument: this.changed.event,
        onDidCloseTextDocument: this.closed.event,
        onDidChangeConfiguration: this.configured.event,
        openTextDocument: this.openDocument.bind(this),
        getConfiguration: (section: string) => ({ get: (name: string) => this.settings.get(`${section}.${name}`) }),
        getWorkspaceFolder: () => this.folder && { uri: this.folder, name: "folder", index: 0 },
        applyEdit: this.applyEdit.bind(this),
        registerTextDocumentContentProvider: (scheme: string, provider: Provider) => {
          this.providers.set(scheme, provider);
          return new Disposable(() => this.providers.delete(scheme));
        },
        fs: {
          isWritableFileSystem: (scheme: string) => (scheme === "file" ? true : undefined),
          readFile: async (uri: Uri) => new Uint8Array(await readFile(uri.fsPath)),
        },
      },
    };
  }
}
