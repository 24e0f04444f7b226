import { useEffect, useRef } from "preact/hooks";
import { bench } from "../bench";
import type { Theorem } from "../contract";
import { intent } from "../coqtext";
import { counted } from "../words";
import { OptionFields } from "./OptionFields";

const FILTER = "filter";
const MOST = 400;

export function focusFilter(): void {
  if (bench.mode === "paste") location.hash = "#/prove";
  bench.choosing = true;
  bench.changed();
  setTimeout(() => {
    const field = document.getElementById(FILTER);
    field?.focus();
    if (field instanceof HTMLInputElement) field.select();
  }, 50);
}

/** What is to be proved. */
export function Chooser() {
  const { mode } = bench;
  const running = bench.busy && bench.owned;
  return (
    <section class="chooser" aria-label="What to prove">
      <button
        type="button"
        class="button fold"
        aria-expanded={bench.choosing}
        aria-controls="choice"
        onClick={() => {
          bench.choosing = !bench.choosing;
          bench.changed();
        }}
      >
        {bench.choosing ? "Fold the choice away" : "Choose what to prove"}
      </button>
      <div id="choice" class={bench.choosing ? "choice" : "choice folded"}>
        <nav class="modes" aria-label="Where the theorem comes from">
          <a href="#/prove" aria-current={mode === "project" ? "true" : undefined}>
            From a project
          </a>
          <a href="#/paste" aria-current={mode === "paste" ? "true" : undefined}>
            Paste Coq
          </a>
        </nav>
        {mode === "paste" ? <Paste /> : <FromProject />}
        <OptionFields />
        <div class="act">
          <button
            type="button"
            class={running ? "button stop" : "button primary"}
            aria-disabled={bench.stopping}
            aria-keyshortcuts={running ? "Escape" : "Control+Enter"}
            onClick={() => void (running ? bench.stop() : bench.prove())}
          >
            {running ? (bench.stopping ? "Stopping …" : "Stop") : label()}
            <kbd aria-hidden="true">{running ? "Esc" : "Ctrl ↵"}</kbd>
          </button>
        </div>
      </div>
    </section>
  );
}

function label(): string {
  return bench.mode === "paste" && intent(bench.pasted).kind === "fill" ? "Fill the gaps" : "Prove";
}

function FromProject() {
  const { projects } = bench;
  if (projects === null)
    return <p class="quiet">{bench.fault === "" ? "Asking for the projects …" : "No projects."}</p>;
  if (projects.length === 0)
    return (
      <p class="quiet">
        The checker knows no project. Start it with one (<code>palmetto up --project DIR</code>), or{" "}
        <a href="#/paste">paste Coq</a>.
      </p>
    );
  const project = projects.find((one) => one.name === bench.project);
  return (
    <>
      <div class="pair">
        <div class="field">
          <label for="project">Project</label>
          <select
            id="project"
            value={bench.project}
            onChange={(event) => void bench.setProject(event.currentTarget.value)}
          >
            {projects.map((one) => (
              <option key={one.name} value={one.name}>
                {one.name}
              </option>
            ))}
          </select>
        </div>
        <div class="field">
          <label for="file">File</label>
          <select id="file" value={bench.file} onChange={(event) => bench.setFile(event.currentTarget.value)}>
            <option value="">all files</option>
            {(project?.files ?? []).map((one) => (
              <option key={one} value={one}>
                {one}
              </option>
            ))}
          </select>
        </div>
      </div>
      <div class="field">
        <label for={FILTER}>Theorem</label>
        <input
          id={FILTER}
          type="search"
          placeholder="name or words of its statement"
          autocomplete="off"
          spellcheck={false}
          value={bench.filter}
          aria-controls="theorems"
          aria-keyshortcuts="/"
          onInput={(event) => {
            bench.filter = event.currentTarget.value;
            bench.changed();
          }}
          onKeyDown={(event) => {
            const first = bench.listed[0];
            if (event.key === "Escape" && bench.filter !== "") {
              event.preventDefault();
              event.stopPropagation();
              bench.filter = "";
              bench.changed();
            } else if (event.key === "ArrowDown" && first !== undefined) {
              event.preventDefault();
              bench.select(bench.theorem !== null && bench.listed.includes(bench.theorem) ? bench.theorem : first);
              document.getElementById("theorems")?.focus();
            }
          }}
        />
      </div>
      <TheoremList />
    </>
  );
}

function TheoremList() {
  const list = useRef<HTMLUListElement>(null);
  const { listed, theorem } = bench;
  const at = theorem === null ? -1 : listed.indexOf(theorem);
  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [theorem]);
  if (bench.theorems === null) return <p class="quiet">{bench.fault === "" ? "Reading the theorems …" : ""}</p>;
  const shown = at >= MOST ? listed.slice(at - MOST / 2, at + MOST / 2) : listed.slice(0, MOST);
  const go = (to: number): void => {
    const found = listed[Math.max(0, Math.min(listed.length - 1, to))];
    if (found !== undefined) bench.select(found);
  };
  const moves: Record<string, () => void> = {
    ArrowDown: () => go(at + 1),
    ArrowUp: () => (at <= 0 ? document.getElementById(FILTER)?.focus() : go(at - 1)),
    PageDown: () => go(at + 8),
    PageUp: () => go(at - 8),
    Home: () => go(0),
    End: () => go(listed.length - 1),
    Enter: () => void bench.prove(),
  };
  return (
    <>
      <ul
        ref={list}
        id="theorems"
        class="theorems"
        role="listbox"
        tabIndex={0}
        aria-label="Theorems"
        aria-activedescendant={at >= 0 ? optionId(listed[at]) : undefined}
        onKeyDown={(event) => {
          const move = moves[event.key];
          if (move === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
          event.preventDefault();
          move();
        }}
      >
        {shown.map((one, number) => (
          <li
            key={optionId(one)}
            id={optionId(one)}
            role="option"
            aria-selected={one === theorem}
            onClick={() => bench.select(one)}
            onDblClick={() => void bench.prove()}
          >
            {bench.file === "" && one.file !== shown[number - 1]?.file ? (
              <span class="file" aria-hidden="true">
                {one.file}
              </span>
            ) : null}
            <span class="name">{one.name}</span>
            <span class="statement">{type(one)}</span>
          </li>
        ))}
      </ul>
      <p class="quiet tally" role="status">
        {tally(listed.length, shown.length)}
      </p>
    </>
  );
}

function tally(all: number, shown: number): string {
  if (all === 0) return bench.theorems?.length === 0 ? "No theorems here." : "No theorem fits.";
  return shown < all ? `${counted(all, "theorem")}, ${shown} shown: look for a name` : counted(all, "theorem");
}

const optionId = (one: Theorem | undefined): string | undefined =>
  one === undefined ? undefined : `theorem-${one.file}-${one.index}`.replace(/[^\w.-]/g, "_");

/** What a theorem says, without its name. */
function type(one: Theorem): string {
  const text = one.statement.replace(/\s+/g, " ");
  const at = text.indexOf(one.name);
  return at < 0 ? text : text.slice(at + one.name.length).replace(/^\s*:?\s*/, "");
}

function Paste() {
  const { pasted } = bench;
  const found = intent(pasted);
  const hint =
    found.kind === "fill"
      ? `Every Admitted, admit, Abort and (* prove *) is filled. ${found.hint}`.trim()
      : found.kind === "prove"
        ? `${found.name || "The last statement"} is proved, after all that stands before it.`
        : found.why;
  return (
    <>
      <div class="field">
        <label for="pasted">Coq text</label>
        <textarea
          id="pasted"
          rows={14}
          spellcheck={false}
          autocapitalize="off"
          autocomplete="off"
          placeholder={"Require Import Arith.\n\nLemma add_0_r (n : nat) : n + 0 = n."}
          aria-describedby="pasted-hint"
          value={pasted}
          onInput={(event) => {
            bench.pasted = event.currentTarget.value;
            bench.changed();
          }}
        />
        <p id="pasted-hint" class="quiet">
          {hint}
        </p>
      </div>
      <div class="field">
        <label for="load-path">May require files of</label>
        <select
          id="load-path"
          value={bench.pasteProject}
          onChange={(event) => {
            bench.pasteProject = event.currentTarget.value;
            bench.changed();
          }}
        >
          <option value="">Coq’s own libraries only</option>
          {(bench.projects ?? []).map((one) => (
            <option key={one.name} value={one.name}>
              {one.name}
            </option>
          ))}
        </select>
      </div>
    </>
  );
}
