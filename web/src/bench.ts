/** What the page works with: the session, the choice, and the run that is looked at. */

import * as api from "./api";
import { ApiError } from "./api";
import type { About, Options, Project, Session, Theorem, Toolchain } from "./contract";
import { intent } from "./coqtext";
import { format, parse, type Route } from "./route";
import { Run } from "./run";
import { Store } from "./store";
import { sentence, spoken, verdict } from "./words";

export const DEFAULTS: Options = {
  budget_cpu_s: 60,
  samples: null,
  seed: 0,
  jobs: 2,
  backtrack: true,
  retrieval: true,
  use_model: true,
  hammer: true,
  toolchain: "",
};

const SPLIT_LABEL = 60;

export class Bench extends Store {
  route: Route = parse(location.hash);
  session: Session | null = null;
  /** Why the page cannot be used, or the last thing asked for cannot be done. */
  fault = "";

  projects: Project[] | null = null;
  /** Those that can be used. */
  toolchains: Toolchain[] = [];
  project = "";
  file = "";
  theorems: Theorem[] | null = null;
  theorem: Theorem | null = null;
  filter = "";
  pasted = "";
  options: Options = { ...DEFAULTS };
  /** On a narrow window the choice is folded away while something is looked at. */
  choosing = true;

  run: Run | null = null;
  /** Whether this page began it: it ends with the page. */
  owned = false;
  /** When the latest event came, by this machine's clock. */
  heard = 0;
  stopping = false;
  /** Which theorem of a text is looked at; null: the one that is worked on. */
  looked: number | null = null;
  #abort: AbortController | null = null;
  #arriving: Promise<void> | null = null;
  #loading = "";

  /** The address has changed, or is looked at for the first time. */
  arrived(): Promise<void> {
    return (this.#arriving = this.#arrive());
  }

  async #arrive(): Promise<void> {
    this.route = parse(location.hash);
    this.fault = "";
    this.changed();
    if (this.session === null || this.locked) return;
    const { route } = this;
    if (route.page === "attempt") {
      this.choosing = false;
      if (this.run?.id !== route.id) {
        if (this.busy && this.owned) this.fault = "Another theorem is being worked on: stop it, then open this one.";
        else void this.#follow(route.id);
      }
    } else if (route.page !== "experiments") this.choosing = true;
    if (route.page !== "experiments") await this.#loadProjects();
    if (route.page === "prove" && this.projects !== null) await this.#choose(route);
    if (route.page === "attempt") await this.#chooseAsked(this.run?.about ?? null);
  }

  async begin(): Promise<void> {
    api.onUnauthorised(() => {
      if (this.session?.authenticated === true) this.session = { needed: true, authenticated: false };
      this.changed();
    });
    addEventListener("hashchange", () => void this.arrived());
    // The work ends with the page: a key pressed by mistake must not cost it.
    addEventListener("beforeunload", (event) => {
      if (this.busy && this.owned) event.preventDefault();
    });
    await this.retry();
  }

  /** Asks whether the page may be used; then goes on with what its address says. */
  async retry(): Promise<void> {
    try {
      this.session = await api.session();
    } catch (error) {
      this.#failed(error);
      return;
    }
    await this.arrived();
  }

  async signIn(token: string): Promise<string> {
    try {
      await api.signIn(token);
    } catch (error) {
      return said(error);
    }
    await this.retry();
    return this.session?.authenticated === true
      ? ""
      : "The token is good, but the browser keeps no cookie for this page.";
  }

  async signOut(): Promise<void> {
    await this.stop();
    await api.signOut().catch(() => undefined);
    this.projects = this.theorems = this.theorem = this.run = null;
    await this.retry();
  }

  async #loadProjects(): Promise<void> {
    if (this.projects !== null) return;
    try {
      this.projects = await api.projects();
      // Without them there is no choice, and nothing else is lost.
      const found = await api.toolchains().catch(() => []);
      this.toolchains = found.filter((one) => one.state === "ready");
    } catch (error) {
      this.#failed(error);
    }
    this.changed();
  }

  /** The toolchain that is used where none is chosen; empty where that is not known. */
  get ownToolchain(): string {
    const project = this.mode === "paste" ? this.pasteProject : this.project;
    const needed = this.projects?.find((one) => one.name === project)?.toolchain;
    return needed ?? this.toolchains.find((one) => one.is_default)?.name ?? "";
  }

  /** What a link names; what it does not name is left open. */
  async #choose(route: Route & { page: "prove" }): Promise<void> {
    const wanted = route.project || this.project || (this.projects?.[0]?.name ?? "");
    if (wanted === "") return;
    if (this.projects?.every((one) => one.name !== wanted) === true) {
      this.fault = `There is no project “${wanted}” here.`;
      this.changed();
      return;
    }
    await this.#loadTheorems(wanted);
    if (route.file) this.file = route.file;
    if (route.theorem && this.theorems !== null) {
      this.theorem = this.#named(route.theorem, route.file, route.index);
      if (this.theorem === null) this.fault = `There is no theorem “${route.theorem}” in ${route.file || wanted}.`;
      else this.filter = "";
    }
    this.changed();
  }

  #named(name: string, file: string, index: number | null): Theorem | null {
    const fits = (one: Theorem): boolean =>
      one.name === name && (file === "" || one.file === file) && (index === null || one.index === index);
    return this.theorems?.find(fits) ?? null;
  }

  #chosen(): boolean {
    return this.theorem !== null;
  }

  /** Whoever comes by a link to an attempt finds its theorem chosen, and else the first project. */
  async #chooseAsked(about: About | null): Promise<void> {
    if (this.#chosen() || this.projects === null) return;
    const named = this.projects.some((one) => one.name === about?.project) ? about : null;
    const project = named?.project ?? (this.project || (this.projects[0]?.name ?? ""));
    if (project === "") return;
    await this.#loadTheorems(project);
    if (this.#chosen() || this.project !== project || named === null) return;
    this.theorem = this.#named(named.theorem ?? "", named.file ?? "", named.index ?? null);
    this.changed();
  }

  async #loadTheorems(project: string): Promise<void> {
    if (this.project === project && this.theorems !== null) return;
    this.project = this.#loading = project;
    this.file = "";
    this.theorems = this.theorem = null;
    this.changed();
    try {
      const found = await api.theorems(project);
      // Another project may have been chosen meanwhile.
      if (this.#loading === project) this.theorems = found;
    } catch (error) {
      if (this.#loading === project) this.#failed(error);
    }
    this.changed();
  }

  async setProject(name: string): Promise<void> {
    await this.#loadTheorems(name);
    this.#goTo({ page: "prove", project: name, file: "", theorem: "", index: null }, true);
  }

  setFile(file: string): void {
    this.file = file;
    if (this.theorem !== null && file !== "" && this.theorem.file !== file) this.theorem = null;
    this.changed();
  }

  select(theorem: Theorem): void {
    this.theorem = theorem;
    const { project } = this;
    const route = { page: "prove", project, file: theorem.file, theorem: theorem.name, index: theorem.index } as const;
    this.#goTo(route, this.route.page === "prove");
    this.changed();
  }

  /** The theorems that fit the file and the filter. */
  get listed(): Theorem[] {
    const words = this.filter.toLowerCase().split(/\s+/).filter(Boolean);
    return (this.theorems ?? []).filter(
      (one) =>
        (this.file === "" || one.file === this.file) &&
        words.every((word) => `${one.name} ${one.statement} ${one.kind}`.toLowerCase().includes(word)),
    );
  }

  #goTo(route: Route, replace: boolean): void {
    if (format(route) === location.hash) return;
    this.route = route;
    if (replace) history.replaceState(null, "", format(route));
    else history.pushState(null, "", format(route));
    this.changed();
  }

  /** Whether a token is needed before anything can be done. */
  get locked(): boolean {
    return this.session?.needed === true && !this.session.authenticated;
  }

  get busy(): boolean {
    return this.run !== null && !this.run.over;
  }

  /** Works on what is chosen; a sentence in `fault` where that cannot be. */
  async prove(): Promise<void> {
    if (this.busy && this.owned) return;
    this.fault = "";
    const { options } = this;
    if (this.route.page === "paste" || (this.route.page === "attempt" && this.#lastMode === "paste")) {
      const found = intent(this.pasted);
      if (found.kind === "nothing") {
        this.fault = found.why;
        this.changed();
        return;
      }
      const project = this.pasteProject;
      this.#lastMode = "paste";
      if (found.kind === "fill") {
        const asked = { kind: "fill", title: "", place: "Pasted text", statement: "", text: this.pasted } as const;
        const run = new Run({ ...asked, budget: options.budget_cpu_s });
        await this.#own(run, api.start("fill", { ...options, text: this.pasted, project }, this.#fresh()));
      } else {
        const { statement, context, name } = found;
        const asked = { kind: "prove", title: name, place: "Pasted text", statement, text: null } as const;
        const run = new Run({ ...asked, budget: options.budget_cpu_s });
        await this.#own(run, api.start("prove", { ...options, statement, context, project }, this.#fresh()));
      }
      return;
    }
    // What a link names may still be on its way.
    if (this.theorem === null) await this.#arriving;
    if (this.busy && this.owned) return;
    const { theorem, project } = this;
    if (theorem === null) {
      this.fault = "Choose a theorem first.";
      this.changed();
      return;
    }
    this.#lastMode = "project";
    const run = new Run({
      kind: "prove",
      title: theorem.name,
      place: `${project} · ${theorem.file}`,
      statement: theorem.statement,
      budget: options.budget_cpu_s,
      text: null,
    });
    const { name, file, index } = theorem;
    await this.#own(run, api.start("prove", { ...options, project, file, theorem: name, index }, this.#fresh()));
  }

  /** The load path of a pasted text; empty: Coq's own libraries. */
  pasteProject = "";
  #lastMode: "project" | "paste" = "project";

  /** Which of both ways to choose is shown. */
  get mode(): "project" | "paste" {
    if (this.route.page === "paste") return "paste";
    return this.route.page === "attempt" ? this.#lastMode : "project";
  }

  #fresh(): AbortSignal {
    this.#abort?.abort();
    this.#abort = new AbortController();
    return this.#abort.signal;
  }

  async #own(run: Run, stream: AsyncGenerator<api.Said>): Promise<void> {
    this.owned = true;
    this.choosing = false;
    await this.#listen(run, stream, () => {
      this.#goTo({ page: "attempt", id: run.id }, false);
    });
  }

  async #follow(id: string): Promise<void> {
    this.owned = false;
    const run = new Run({ kind: "prove", title: "", place: "", statement: "", budget: null, text: null });
    run.id = id;
    await this.#listen(run, api.follow(id, 0, this.#fresh()), () => void this.#chooseAsked(run.about));
  }

  async #listen(run: Run, stream: AsyncGenerator<api.Said>, known: () => void): Promise<void> {
    this.run = run;
    this.stopping = false;
    this.looked = null;
    this.spoken = "";
    this.heard = performance.now();
    this.changed();
    const take = async (from: AsyncGenerator<api.Said>): Promise<void> => {
      for await (const said of from) {
        this.heard = performance.now();
        if (said.kind === "attempt") {
          run.begin(said.about);
          if (this.run === run) known();
        } else if (said.kind === "event") run.apply(said.event);
        else this.#ended(run, said.result);
        this.changed();
      }
    };
    try {
      try {
        await take(stream);
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== 0 || run.id === "") throw error;
      }
      // The line broke: what was missed is still there for a while.
      if (!run.over && this.run === run) await take(api.follow(run.id, run.events, this.#fresh()));
      if (!run.over) throw new ApiError(0, "The connection to the prover broke before the end.");
    } catch (error) {
      if (this.run !== run) return;
      const never = run.events === 0;
      run.phase = "over";
      if (!(error instanceof DOMException)) this.#failed(error);
      // There is nothing to look at.
      if (never) {
        this.run = null;
        this.choosing = true;
      } else for (const one of run.theorems) if (one.ending === null) one.stopped("CANCELLED", this.fault);
    }
    this.stopping = false;
    this.changed();
  }

  #ended(run: Run, result: Parameters<Run["end"]>[0]): void {
    run.end(result);
    if (this.run !== run) return;
    if (run.asked.kind === "fill" && run.fill !== null) {
      const { filled, places } = run.fill;
      const failed = run.fill.verdict === "ERROR" ? sentence(run.fill.message ?? "") : "";
      this.spoken = failed || `${filled} of ${places} filled.`;
      return;
    }
    const { name = "", ending = null } = run.theorem ?? {};
    if (ending !== null) this.spoken = spoken(name, ending);
  }

  /** What is said at the end to those who cannot see it. */
  spoken = "";

  /** What the window's title is to say. */
  get title(): string {
    const { run } = this;
    if (this.route.page === "experiments") return "Experiments · Palmetto";
    if (run === null || this.route.page !== "attempt") return "Palmetto";
    const name = run.theorem?.name.slice(0, SPLIT_LABEL) ?? run.asked.title;
    if (!run.over) return `… ${name} · Palmetto`;
    return `${run.verdict === null ? "Done" : verdict(run.verdict)}: ${name} · Palmetto`;
  }

  async stop(): Promise<void> {
    const { run } = this;
    if (run === null || run.over || this.stopping) return;
    if (run.id === "") {
      this.#abort?.abort();
      return;
    }
    this.stopping = true;
    this.changed();
    try {
      await api.cancel(run.id);
    } catch (error) {
      this.stopping = false;
      this.#failed(error);
    }
  }

  setOptions(options: Partial<Options>): void {
    this.options = { ...this.options, ...options };
    this.changed();
  }

  #failed(error: unknown): void {
    // Where a token is needed the page asks for it.
    if (!this.locked) this.fault = said(error);
    this.changed();
  }
}

function said(error: unknown): string {
  if (error instanceof ApiError) return error.message;
  return `This page has a fault: ${error instanceof Error ? error.message : String(error)}.`;
}

export const bench = new Bench();
