/** The prover's HTTP service, as this page asks it. */

import type {
  About,
  AttemptState,
  Experiment,
  FillRequest,
  FillResult,
  Project,
  ProveRequest,
  ProveResult,
  ProverEvent,
  Session,
  Theorem,
  Toolchain,
} from "./contract";
import { messages } from "./sse";
import { sentence } from "./words";

/** Why a request has no answer; the message is one sentence. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly retryAfter: number | null = null,
  ) {
    super(message);
  }
}

/** Called where a token is needed. */
let unauthorised: () => void = () => undefined;

export function onUnauthorised(then: () => void): void {
  unauthorised = then;
}

const NOT_THERE = "The prover does not answer. Is it still running?";

async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    // Relative to the page, so that it works below a path too.
    response = await fetch(path, { credentials: "same-origin", ...init });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, NOT_THERE);
  }
  if (response.ok) return response;
  if (response.status === 401 && path !== "v1/session") unauthorised();
  throw await refusal(response);
}

async function refusal(response: Response): Promise<ApiError> {
  const retry = Number(response.headers.get("Retry-After") ?? "");
  const retryAfter = Number.isFinite(retry) && retry > 0 ? retry : null;
  let message = "";
  try {
    const body = (await response.json()) as { error?: { message?: unknown } };
    if (typeof body.error?.message === "string") message = body.error.message;
  } catch {
    // A proxy's page, perhaps: the status has to do.
  }
  if (message === "") message = `The prover answered ${response.status} ${response.statusText}`.trim();
  const later = retryAfter === null ? "" : ` Try again in ${retryAfter} s.`;
  return new ApiError(response.status, sentence(message) + later, retryAfter);
}

async function json<T>(path: string, init?: RequestInit): Promise<T> {
  const response = await ask(path, init);
  try {
    return (await response.json()) as T;
  } catch {
    throw new ApiError(response.status, "The prover’s answer was cut off. Try again.");
  }
}

const post = (body: unknown): RequestInit => ({
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
});

export const session = (): Promise<Session> => json("v1/session");

export async function signIn(token: string): Promise<void> {
  await ask("v1/session", post({ token }));
}

export async function signOut(): Promise<void> {
  await ask("v1/session", { method: "DELETE" });
}

export async function projects(): Promise<Project[]> {
  return (await json<{ projects: Project[] }>("v1/projects")).projects;
}

export async function toolchains(): Promise<Toolchain[]> {
  return (await json<{ toolchains: Toolchain[] }>("v1/toolchains")).toolchains;
}

export async function theorems(project: string): Promise<Theorem[]> {
  return (await json<{ theorems: Theorem[] }>(`v1/projects/${encodeURIComponent(project)}/theorems`)).theorems;
}

export async function experiments(): Promise<Experiment[]> {
  return (await json<{ experiments: Experiment[] }>("v1/experiments")).experiments;
}

/** The address of the comparison of some experiments, each with the first. */
export function reportAddress(names: readonly string[]): string {
  return `experiments/report?${names.map((name) => `name=${encodeURIComponent(name)}`).join("&")}`;
}

export const attempt = (id: string): Promise<AttemptState> => json(`v1/attempts/${encodeURIComponent(id)}`);

export async function cancel(id: string): Promise<void> {
  await ask(`v1/attempts/${encodeURIComponent(id)}/cancel`, { method: "POST" });
}

/** What a stream says. */
export type Said =
  | { kind: "attempt"; about: About }
  | { kind: "event"; event: ProverEvent }
  | { kind: "result"; result: ProveResult | FillResult };

export function start(what: "prove" | "fill", body: ProveRequest | FillRequest, signal: AbortSignal) {
  return stream(`v1/${what}`, { ...post(body), signal });
}

/** The events of an attempt from a number on, those to come too. Going away does not stop it. */
export function follow(id: string, first: number, signal: AbortSignal) {
  return stream(`v1/attempts/${encodeURIComponent(id)}/events?first=${first}`, { signal });
}

async function* stream(path: string, init: RequestInit): AsyncGenerator<Said> {
  const headers = { ...(init.headers as Record<string, string> | undefined), Accept: "text/event-stream" };
  const response = await ask(path, { ...init, headers });
  if (response.body === null) throw new ApiError(response.status, "The prover’s answer was empty. Try again.");
  try {
    for await (const message of messages(response.body)) {
      const said = read(message.event, message.data);
      if (said !== null) yield said;
    }
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    if (error instanceof ApiError) throw error;
    throw new ApiError(0, "The connection to the prover broke.");
  }
}

/** One message; null where it is of no kind that is known. */
export function read(event: string, data: string): Said | null {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  if (event === "attempt") return { kind: "attempt", about: value as About };
  if (event === "result") return { kind: "result", result: value as ProveResult | FillResult };
  return "kind" in value ? { kind: "event", event: value as ProverEvent } : null;
}
