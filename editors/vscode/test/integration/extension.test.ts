/**
 * The built extension in a stand-in of the editor, against a real prover: `tests/editors/test_vscode.py` starts one and
 * names it in PALMETTO_TEST_PROVER.
 */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, type Socket, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Document } from "../stand-in/document";
import { type Bar, Editor } from "../stand-in/editor";
import { Position, type Range } from "../stand-in/types";

const PROVER = process.env["PALMETTO_TEST_PROVER"] ?? "";
const GUARDED = process.env["PALMETTO_TEST_GUARDED"] ?? "";
const TOKEN = process.env["PALMETTO_TEST_TOKEN"] ?? "";
const ROOT = process.env["PALMETTO_TEST_EXTENSION"] ?? process.cwd();

const EASY = `Require Import Arith.
Lemma a (n : nat) : n + 0 = n.
Admitted.
Lemma wrong : 1 = 2.
Admitted.
(* ∀ 𝔸 *) Lemma b (n m : nat) : n + m = m + n.
Proof.
  admit.
Admitted.
`;
// Open, and it is looked for as long as there is budget.
const HARD = `Require Import Arith.
Lemma a (n : nat) : n + 0 = n.
Admitted.
Lemma fermat (a b c n : nat) : 2 < n -> 0 < a -> 0 < b -> a ^ n + b ^ n <> c ^ n.
Admitted.
`;

function started(t: TestContext, settings: Record<string, unknown> = {}): Editor {
  assert.ok(PROVER, "PALMETTO_TEST_PROVER names the prover");
  const editor = new Editor(ROOT);
  t.after(() => {
    editor.close();
  });
  const all = { serverUrl: PROVER, budgetCpuSeconds: 4, ...settings };
  for (const [name, value] of Object.entries(all)) editor.settings.set(`palmetto.${name}`, value);
  return editor;
}

/** Waits until the prover has come to a theorem. */
async function turn(editor: Editor, name: string): Promise<Bar> {
  return await editor.until(`the turn of ${name}`, () =>
    editor.bars.find(
      (bar) =>
        !bar.done &&
        editor.logged.slice(bar.logged).some((one) => {
          const [, kind, data] = /^trace (\w+) (.*)$/.exec(one) ?? [];
          return kind === "theorem" && (JSON.parse(data ?? "") as { theorem: string }).theorem === name;
        }),
    ),
  );
}

async function state(editor: Editor): Promise<string> {
  const line = editor.logged.findLast((one) => one.startsWith("trace attempt")) ?? "";
  const { id } = JSON.parse(line.slice(line.indexOf("{"))) as { id: string };
  for (;;) {
    const answer = await fetch(`${PROVER}/v1/attempts/${id}`);
    const told = (await answer.json()) as { state: string };
    if (told.state !== "running" && told.state !== "waiting") return told.state;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function proved(text: string, name: string): boolean {
  const after = text.slice(text.search(new RegExp(`Lemma ${name}\\b`)));
  const end = /\b(?:Qed|Defined|Admitted|Abort)\./.exec(after)?.[0];
  return end === "Qed." || end === "Defined.";
}

test("fill all: a diff, then one edit that one undo takes back", async (t) => {
  const editor = started(t);
  const document = editor.open(EASY, "/somewhere/easy.v");
  const done = editor.run("palmetto.fillAll");
  await turn(editor, "a");
  assert.equal(editor.context.get("palmetto.running"), true);
  const notice = await editor.notice(/2 of 3 theorems proved\. Not proved: ‘wrong’\.$/);
  assert.equal(editor.context.get("palmetto.running"), false);
  assert.equal(editor.context.get("palmetto.proposing"), true);
  assert.equal(document.getText(), EASY, "nothing is changed before it is applied");
  const [tab] = editor.tabs;
  assert.ok(tab);
  assert.equal(tab.input.original, document.uri);
  assert.equal(tab.label, "easy.v: 2 proofs by Palmetto");
  const text = await editor.proposed(tab);
  notice.press("Apply");
  await done;
  assert.equal(document.getText(), text);
  assert.deepEqual(
    ["a", "wrong", "b"].map((name) => proved(text, name)),
    [true, false, true],
  );
  // The proof may need a `Require` before the theorem.
  assert.match(text, /\(\* ∀ 𝔸 \*\) (?:From .*\n)?Lemma b \(n m : nat\) : n \+ m = m \+ n\.\nProof\./u);
  assert.equal(editor.tabs.length, 0, "the diff is closed");
  assert.equal(editor.context.get("palmetto.proposing"), false);
  assert.ok(editor.bars[0]?.messages.some((one) => one.startsWith("b (3 of 3): ")));
  const increments = editor.bars[0]?.increments ?? 0;
  assert.ok(0 < increments && increments < 100.1);
  editor.undo(document);
  assert.equal(document.getText(), EASY);
});

test("a file with Windows line ends keeps them", async (t) => {
  const editor = started(t, { confirm: "apply" });
  const document = editor.open(EASY.replaceAll("\n", "\r\n"), "/somewhere/windows.v", "rocq");
  await editor.run("palmetto.fillAll");
  await editor.notice(/2 of 3/);
  const text = document.getText();
  assert.ok(proved(text, "a") && proved(text, "b"));
  assert.equal(text.replaceAll("\r\n", "").includes("\n"), false);
  assert.equal(document.undo.length, 1);
});

test("prove this: the theorem at the cursor alone, though its name stands twice", async (t) => {
  const editor = started(t);
  const text = `Lemma a : 1 = 2.\nAbort.\n${EASY}`.replace("Require Import Arith.\n", "");
  const document = editor.open(text, "/somewhere/twice.v");
  editor.cursor(document, "n + 0");
  const done = editor.run("palmetto.proveThis");
  await editor.notice(/‘a’ is stated more than once/);
  const notice = await editor.notice(/A proof of ‘a’ was found\.$/);
  notice.press("Apply");
  await done;
  const after = document.getText();
  assert.ok(after.startsWith("Lemma a : 1 = 2.\nAbort.\nLemma a (n : nat) : n + 0 = n.\nProof."));
  assert.equal(after.split("Admitted.").length, 3, "the others are as they were");
});

test("prove this in an untitled document, by its lens", async (t) => {
  const editor = started(t);
  const document = editor.open(EASY, "Untitled-1");
  const lenses = editor.lenses?.provideCodeLenses(document) ?? [];
  assert.deepEqual(
    lenses.map(({ range, command }) => [range.start.line, command?.title]),
    [
      [1, "$(play) Prove this"],
      [1, "Fill all 3"],
      [3, "$(play) Prove this"],
      [5, "$(play) Prove this"],
    ],
  );
  const lens = lenses[3]?.command;
  assert.ok(lens?.arguments);
  const done = editor.run(lens.command, ...lens.arguments);
  await turn(editor, "b");
  const busy = editor.lenses?.provideCodeLenses(document) ?? [];
  assert.deepEqual(
    busy.map(({ command }) => command?.command),
    ["palmetto.cancel"],
  );
  (await editor.notice(/‘b’ was found/)).press("Apply");
  await done;
  assert.deepEqual(
    ["a", "b"].map((name) => proved(document.getText(), name)),
    [false, true],
  );
  editor.set("palmetto.codeLens", false);
  assert.deepEqual(editor.lenses?.provideCodeLenses(document), []);
});

test("prove this on a statement that has no proof yet", async (t) => {
  const editor = started(t);
  const document = editor.open("Lemma a (n : nat) : n + 0 = n.\n", "/somewhere/new.v", "plaintext");
  const done = editor.run("palmetto.proveThis");
  await editor.notice(/has no end/);
  (await editor.notice(/‘a’ was found/)).press("Apply");
  await done;
  assert.match(document.getText(), /^Lemma a \(n : nat\) : n \+ 0 = n\.\nProof\.[^]*Qed\.\n$/);
});

test("what cannot be proved is said with the reason", async (t) => {
  const editor = started(t, { budgetCpuSeconds: 1 });
  const document = editor.open("Lemma wrong : 1 = 2.\nAdmitted.\nLemma c : 1 = 1.\nProof. auto. Qed.\n", "/a/w.v");
  const done = editor.run("palmetto.proveThis");
  const notice = await editor.notice(/^w\.v: no proof was found for ‘wrong’/);
  assert.equal(notice.kind, "warning");
  notice.press("Show Log");
  await done;
  assert.ok(editor.called.includes("log.show"));
  editor.cursor(document, "1 = 1");
  await editor.run("palmetto.proveThis");
  await editor.notice(/‘c’ has a finished proof\.$/);
  editor.type(document, "Admitted.", "Proof. admit. Qed.");
  editor.type(document, "Proof. admit. Qed.", "Qed.");
  await editor.run("palmetto.fillAll");
  await editor.notice(/nothing to fill in w\.v/);
});

test("the load path and the logical name of a project", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "palmetto-"));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  writeFileSync(join(folder, "_CoqProject"), "-Q . Example\nArith.v\n");
  const editor = started(t, { project: "examples", confirm: "apply" });
  const text = "From Example Require Import Arith.\nLemma same : @sum_to = Arith.sum_to.\nAdmitted.\n";
  const document = editor.open(text, join(folder, "More.v"));
  await editor.run("palmetto.fillAll");
  await editor.notice(/‘same’ was found/);
  assert.ok(proved(document.getText(), "same"));
  editor.set("palmetto.project", "no_such_project");
  editor.undo(document);
  const done = editor.run("palmetto.fillAll");
  const notice = await editor.notice(/no_such_project/);
  assert.ok(notice.buttons.includes("Open Settings"), notice.buttons.join());
  notice.press("Open Settings");
  await done;
  assert.ok(editor.called.includes("workbench.action.openSettings"));
});

test("the toolchain that is set is asked for", async (t) => {
  const editor = started(t, { toolchain: "coq-7.4", confirm: "apply" });
  const document = editor.open("Lemma a : 1 = 1.\nAdmitted.\n", "/a/tool.v");
  const done = editor.run("palmetto.fillAll");
  // It names those that there are.
  (await editor.notice(/no toolchain 'coq-7\.4'.*coq-8\.20/)).press(undefined);
  await done;
  editor.set("palmetto.toolchain", "coq-8.20");
  await editor.run("palmetto.fillAll");
  await editor.notice(/‘a’ was found/);
  assert.ok(proved(document.getText(), "a"));
});

test("stopped in the middle: the server stops too, and what was found is offered", async (t) => {
  const editor = started(t, { budgetCpuSeconds: 3000 });
  const document = editor.open(HARD, "/somewhere/hard.v");
  const done = editor.run("palmetto.fillAll");
  const bar = await turn(editor, "fermat");
  await editor.until("tactics run", () => bar.messages.some((one) => /^fermat.*tactics run/.test(one)));
  bar.cancel();
  const notice = await editor.notice(/^Stopped: ‘a’ had been proved\.$/);
  assert.equal(await state(editor), "cancelled");
  notice.press("Show What Was Found");
  (await editor.notice(/found before it was broken off/)).press("Apply");
  await done;
  assert.deepEqual(
    ["a", "fermat"].map((name) => proved(document.getText(), name)),
    [true, false],
  );
});

test("the command Stop, and a second command on the same document", async (t) => {
  const editor = started(t, { budgetCpuSeconds: 3000 });
  const document = editor.open(HARD.replace(/Lemma a [^]*?Admitted\.\n/, ""), "/somewhere/hard.v");
  const done = editor.run("palmetto.fillAll");
  await turn(editor, "fermat");
  const second = editor.run("palmetto.fillAll");
  (await editor.notice(/at work on hard\.v already/)).press();
  await second;
  assert.equal(editor.bars.length, 1);
  await editor.run("palmetto.cancel", document.uri);
  await done;
  assert.equal(await state(editor), "cancelled");
  assert.deepEqual(editor.notices, []);
  assert.ok(editor.logged.includes("status Palmetto: stopped"));
});

test("two commands at the very same time are one", async (t) => {
  const editor = started(t, { budgetCpuSeconds: 1 });
  editor.open("Lemma wrong : 1 = 2.\nAdmitted.\n", "/somewhere/wrong.v");
  const both = [editor.run("palmetto.fillAll"), editor.run("palmetto.fillAll")];
  (await editor.notice(/at work on wrong\.v already/)).press();
  (await editor.notice(/no proof was found/)).press();
  await Promise.all(both);
  assert.equal(editor.bars.length, 1);
});

test("two documents at one time", async (t) => {
  const editor = started(t, { confirm: "apply" });
  const text = "Lemma a (n : nat) : n + 0 = n.\nAdmitted.\n";
  const one = editor.open(text, "/somewhere/one.v");
  const first = editor.run("palmetto.fillAll");
  const two = editor.open(text, "/somewhere/two.v");
  await Promise.all([first, editor.run("palmetto.fillAll")]);
  assert.ok(proved(one.getText(), "a") && proved(two.getText(), "a"));
});

test("a document that changes meanwhile: what was touched is left out", async (t) => {
  const editor = started(t, { budgetCpuSeconds: 6 });
  const document = editor.open(EASY.replace(/Lemma wrong[^]*?Admitted\.\n/, ""), "/somewhere/changing.v");
  const done = editor.run("palmetto.fillAll");
  await turn(editor, "a");
  editor.type(document, "Require Import Arith.", "(* a comment *)\n(* and more *)\nRequire Import Arith.");
  editor.type(document, "n + m = m + n", "n + m = m + (n + 0)");
  const notice = await editor.notice(
    /2 of 2 theorems proved\. Left out, for they were changed: ‘b’\. The file was changed/,
  );
  const [tab] = editor.tabs;
  assert.ok(tab);
  const shown = await editor.proposed(tab);
  assert.ok(proved(shown, "a") && shown.startsWith("(* a comment *)"));
  editor.type(document, "(* and more *)", "(* and more, while the diff is shown *)");
  notice.press("Apply");
  await editor.notice(/‘b’ was changed while the prover was at work, so only ‘a’ got a proof/);
  await done;
  assert.ok(
    document
      .getText()
      .includes("while the diff is shown *)\nRequire Import Arith.\nLemma a (n : nat) : n + 0 = n.\nProof."),
  );
  assert.ok(document.getText().includes("n + m = m + (n + 0).\nProof.\n  admit.\nAdmitted."));
});

test("a document that changes altogether gets nothing", async (t) => {
  const editor = started(t);
  const document = editor.open("Lemma a (n : nat) : n + 0 = n.\nAdmitted.\n", "/somewhere/other.v");
  const done = editor.run("palmetto.fillAll");
  await turn(editor, "a");
  editor.type(document, "n + 0 = n", "0 + n = n");
  await editor.notice(/‘a’ was changed while the prover was at work, so nothing was put in/);
  await done;
  assert.equal(document.getText(), "Lemma a (n : nat) : 0 + n = n.\nAdmitted.\n");
  assert.equal(editor.tabs.length, 0);
});

test("an edit that crosses another one is refused, not forced", async (t) => {
  const editor = started(t, { confirm: "apply" });
  const document = editor.open("Lemma a (n : nat) : n + 0 = n.\nAdmitted.\n", "/somewhere/race.v");
  editor.beforeEdit = () => {
    editor.beforeEdit = undefined;
    editor.type(document, "n + 0 = n", "0 + n = n");
  };
  await editor.run("palmetto.fillAll");
  await editor.notice(/could not be changed/);
  assert.equal(document.getText(), "Lemma a (n : nat) : 0 + n = n.\nAdmitted.\n");
  assert.ok(editor.logged.some((one) => one.includes("the proof of a:\nProof.")));
});

test("a document that is closed meanwhile", async (t) => {
  const editor = started(t);
  const text = "Lemma a (n : nat) : n + 0 = n.\nAdmitted.\n";
  const folder = mkdtempSync(join(tmpdir(), "palmetto-"));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  const path = join(folder, "closed.v");
  writeFileSync(path, `(* saved *)\n${text}`);
  const document = editor.open(text, path);
  const done = editor.run("palmetto.fillAll");
  await turn(editor, "a");
  editor.closeDocument(document);
  (await editor.notice(/‘a’ was found/)).press("Apply");
  await done;
  const [reopened] = editor.documents;
  assert.match(reopened?.getText() ?? "", /^\(\* saved \*\)\nLemma a \(n : nat\) : n \+ 0 = n\.\nProof\.[^]*Qed\.\n$/);
  const untitled = editor.open(text, "Untitled-2");
  const next = editor.run("palmetto.fillAll");
  await turn(editor, "a");
  editor.closeDocument(untitled);
  await editor.notice(/was closed or is gone: the proofs are in Palmetto's log/);
  await next;
});

test("discarding, by the button, the title and closing both", async (t) => {
  const editor = started(t);
  const text = "Lemma a (n : nat) : n + 0 = n.\nAdmitted.\n";
  const document = editor.open(text, "/somewhere/discard.v");
  const found = async (): Promise<{ press: (button?: string) => void; done: Promise<void> }> => {
    const done = editor.run("palmetto.fillAll");
    const notice = await editor.notice(/‘a’ was found/);
    return {
      press: (button) => {
        notice.press(button);
      },
      done,
    };
  };
  const first = await found();
  first.press("Discard");
  await first.done;
  assert.equal(editor.tabs.length, 0);

  const second = await found();
  const uri = editor.tabs[0]?.input.modified;
  await editor.run("palmetto.discardProposal", uri);
  assert.equal(editor.tabs.length, 0);
  second.press("Apply"); // the message was left on the screen
  await second.done;

  const third = await found();
  third.press();
  await third.done;
  assert.equal(editor.tabs.length, 1, "the diff still asks");
  const again = editor.run("palmetto.fillAll");
  (await editor.notice(/Proofs for discard\.v wait to be applied/)).press("Show Them");
  await again;
  const tab = editor.tabs[0];
  assert.ok(tab);
  editor.closeTab(tab);
  assert.equal(editor.context.get("palmetto.proposing"), false);
  assert.equal(document.getText(), text);

  const fourth = await found();
  fourth.press();
  await fourth.done;
  await editor.run("palmetto.applyProposal", editor.tabs[0]?.input.modified);
  assert.ok(proved(document.getText(), "a"));
  assert.equal(editor.tabs.length, 0);
});

test("no server: how to start one, and again once it is there", async (t) => {
  const proxy = await Proxy.start();
  t.after(() => {
    proxy.close();
  });
  const { address } = proxy;
  proxy.close();
  const editor = started(t, { serverUrl: address, confirm: "apply" });
  const document = editor.open("Lemma a (n : nat) : n + 0 = n.\nAdmitted.\n", "/somewhere/alone.v");
  const first = editor.run("palmetto.fillAll");
  const notice = await editor.notice(/No Palmetto prover answers at .*: start it with `palmetto up`/);
  assert.equal(notice.kind, "error");
  notice.press("Open Terminal");
  await first;
  assert.deepEqual(editor.terminals, [{ name: "Palmetto", shown: true, sent: [["palmetto up", false]] }]);
  const second = editor.run("palmetto.fillAll");
  const again = await editor.notice(/No Palmetto prover answers/);
  editor.settings.set("palmetto.serverUrl", PROVER);
  again.press("Try Again");
  await second;
  assert.ok(proved(document.getText(), "a"));
});

test("an answer that is cut in the middle", async (t) => {
  const proxy = await Proxy.start();
  t.after(() => {
    proxy.close();
  });
  const editor = started(t, { serverUrl: proxy.address, budgetCpuSeconds: 3000 });
  editor.open(HARD, "/somewhere/cut.v");
  const done = editor.run("palmetto.fillAll");
  await turn(editor, "fermat");
  proxy.cut();
  const notice = await editor.notice(/broke off before its answer was there\.$/);
  assert.deepEqual(notice.buttons, ["Show What Was Found", "Try Again"]);
  assert.equal(await state(editor), "cancelled");
  notice.press("Show What Was Found");
  const offered = await editor.notice(/found before it was broken off/);
  offered.press("Discard");
  await done;
});

test("a prover that wants a token", async (t) => {
  if (!GUARDED) {
    t.skip("PALMETTO_TEST_GUARDED names none");
    return;
  }
  const editor = started(t, { serverUrl: GUARDED, confirm: "apply" });
  const document = editor.open("Lemma a (n : nat) : n + 0 = n.\nAdmitted.\n", "/somewhere/guarded.v");
  editor.typed = "not-the-right-one";
  const done = editor.run("palmetto.fillAll");
  (await editor.notice(/wants an access token\.$/)).press("Set Token");
  const wrong = await editor.notice(/the one that is set is not right\.$/);
  editor.typed = TOKEN;
  wrong.press("Set Token");
  await editor.notice(/‘a’ was found/);
  await done;
  assert.ok(proved(document.getText(), "a"));
  assert.deepEqual([...editor.secrets], [[`token ${GUARDED}`, TOKEN]]);
  assert.equal(
    editor.logged.some((one) => one.includes(TOKEN)),
    false,
    "no token is logged",
  );
  editor.typed = "";
  await editor.run("palmetto.setToken");
  assert.equal(editor.secrets.size, 0);
});

test("what is no Coq, or cannot be changed", async (t) => {
  const editor = started(t);
  editor.open("module m; endmodule\n", "/somewhere/chip.v", "verilog");
  await editor.run("palmetto.fillAll");
  await editor.notice(/chip\.v is not a Coq file/);
  const document: Document = editor.open(EASY, "/somewhere/old.v");
  (document as unknown as { uri: unknown }).uri = document.uri.with({ scheme: "git" });
  assert.deepEqual(editor.lenses?.provideCodeLenses(document), []);
  await editor.run("palmetto.proveThis", document.uri, new Position(1, 0) satisfies Range["start"]);
  await editor.notice(/old\.v cannot be changed/);
  editor.active = undefined;
  await editor.run("palmetto.proveThis");
  await editor.notice(/Open a Coq file first/);
  editor.settings.set("palmetto.serverUrl", "nowhere");
  editor.open(EASY, "/somewhere/easy.v");
  const done = editor.run("palmetto.fillAll");
  (await editor.notice(/palmetto\.serverUrl is no http address/)).press();
  await done;
});

/** Passes bytes on to the prover, until it is cut. */
class Proxy {
  private readonly sockets = new Set<Socket>();
  private readonly server = createServer((socket) => {
    const { hostname, port } = new URL(PROVER);
    const other = connect(Number(port), hostname);
    for (const [one, to] of [
      [socket, other],
      [other, socket],
    ] as const) {
      this.sockets.add(one);
      one.on("error", () => to.destroy());
      one.on("close", () => to.destroy());
      one.pipe(to);
    }
  });
  address = "";

  static async start(): Promise<Proxy> {
    const proxy = new Proxy();
    await new Promise<void>((resolve) => proxy.server.listen(0, "127.0.0.1", resolve));
    proxy.address = `http://127.0.0.1:${(proxy.server.address() as AddressInfo).port}`;
    return proxy;
  }

  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  close(): void {
    this.cut();
    this.server.close();
  }
}
