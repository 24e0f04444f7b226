/** Talks to the prover: one `POST /v1/fill`, answered by server-sent events. Nothing of the editor is known here. */

import { Problem, Stopped, problemOfStatus } from "./problems";
import {
  type FillRequest,
  type FillResult,
  NotUnderstood,
  type Step,
  asObject,
  readFillResult,
  textOf,
} from "./protocol";
import { EventReader, type ServerEvent } from "./sse";

export interface FillOptions {
  /** The prover's address. */
  readonly baseUrl: string;
  /** Empty: none is sent. */
  readonly token: string;
  /** Aborting it closes the stream, and with that the server stops the work. */
  readonly signal: AbortSignal;
  /** Is told each step as it comes; `attempt` is the first. */
  readonly onStep: (step: Step) => void;
  /** Is told that the prover has no room, and for how many seconds it is waited. */
  readonly onWait?: (seconds: number) => void;
  /** Without a byte for so long the server is taken to be gone; it sends a comment every 15 s. */
  readonly idleMs?: number;
  /** All waits for room together. */
  readonly maxWaitSeconds?: number;
}

const IDLE_MS = 60_000;
const MAX_WAIT_S = 120;
const WAIT_S = 10;

/** The address as it is used, without a `/` at its end. Throws a Problem where it is none. */
export function baseOf(address: string): string {
  let url: URL;
  try {
    url = new URL(address.trim());
  } catch {
    url = new URL("none:");
  }
  if (
    (url.protocol !== "http:" && url.protocol !== "https:") ||
    url.username ||
    url.password ||
    url.search ||
    url.hash
  ) {
    const wants = "give one such as http://127.0.0.1:8080.";
    throw new Problem("address", `palmetto.serverUrl is no http address (“${address}”): ${wants}`);
  }
  return (url.origin + url.pathname).replace(/\/+$/, "");
}

/** Seconds of a `Retry-After`, which is a number of them or a date. */
export function retryAfter(header: string | null, nowMs: number): number {
  if (header === null || header.trim() === "") return WAIT_S;
  const seconds = Number(header);
  const found = Number.isFinite(seconds) ? seconds : (Date.parse(header) - nowMs) / 1000;
  return Number.isFinite(found) ? Math.max(1, Math.ceil(found)) : WAIT_S;
}

/** Has a text filled. Throws a Problem, or Stopped where the signal was aborted. */
export async function fill(request: FillRequest, options: FillOptions): Promise<FillResult> {
  const base = baseOf(options.baseUrl);
  let left = options.maxWaitSeconds ?? MAX_WAIT_S;
  for (;;) {
    const answer = await attempt(base, request, options);
    if (!("waitSeconds" in answer)) return answer;
    if (answer.waitSeconds > left) throw answer.problem;
    left -= answer.waitSeconds;
    options.onWait?.(answer.waitSeconds);
    await sleep(answer.waitSeconds * 1000, options.signal);
  }
}

interface NoRoom {
  readonly waitSeconds: number;
  readonly problem: Problem;
}

async function attempt(base: string, request: FillRequest, options: FillOptions): Promise<FillResult | NoRoom> {
  const idle = new Idle(options.idleMs ?? IDLE_MS);
  const signal = AbortSignal.any([options.signal, idle.signal]);
  let answered = false;
  try {
    options.signal.throwIfAborted();
    const response = await fetch(`${base}/v1/fill`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "text/event-stream",
        ...(options.token ? { authorization: `Bearer ${options.token}` } : {}),
      },
      body: JSON.stringify(request),
      redirect: "manual", // a token goes nowhere but to the address that it was given for
      signal,
    });
    answered = true;
    idle.heard();
    if (response.status !== 200) return await refused(base, response, options.token);
    if (!response.body || !(response.headers.get("content-type") ?? "").startsWith("text/event-stream")) {
      await response.body?.cancel();
      throw problemOfStatus(404, "", base);
    }
    return await follow(response.body, base, idle, options.onStep);
  } catch (error) {
    if (options.signal.aborted) throw new Stopped();
    if (error instanceof Problem) throw error;
    if (error instanceof NotUnderstood) {
      throw new Problem("notProver", `The prover at ${base} answers what this version of the extension does not read.`);
    }
    if (idle.signal.aborted) {
      throw new Problem("silent", `The prover at ${base} has gone silent: see whether it still runs, and try again.`);
    }
    if (answered) throw cut(base);
    const how = "start it with `palmetto up`, or set palmetto.serverUrl to where it listens.";
    throw new Problem("unreachable", `No Palmetto prover answers at ${base}: ${how}`);
  } finally {
    idle.stop();
  }
}

function cut(base: string): Problem {
  return new Problem("cut", `The connection to the prover at ${base} broke off before its answer was there.`);
}

async function refused(base: string, response: Response, token: string): Promise<NoRoom> {
  if (response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400)) {
    const where = response.headers.get("location") ?? "another address";
    throw new Problem("notProver", `${base} refers to ${where}: set palmetto.serverUrl to the prover's own address.`);
  }
  let message = "";
  try {
    const body: unknown = JSON.parse(await response.text());
    message = textOf(asObject(asObject(body)["error"]), "message");
  } catch {
    // Not the prover's words: the status alone tells.
  }
  if (response.status === 401 && !token) {
    throw new Problem("unauthorized", `The prover at ${base} wants an access token.`);
  }
  const problem = problemOfStatus(response.status, message, base);
  if (response.status !== 429) throw problem;
  return { waitSeconds: retryAfter(response.headers.get("retry-after"), Date.now()), problem };
}

async function follow(
  body: ReadableStream<Uint8Array>,
  base: string,
  idle: Idle,
  onStep: (step: Step) => void,
): Promise<FillResult> {
  const events = new EventReader();
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) throw cut(base);
      idle.heard();
      for (const event of events.push(value)) {
        const result = take(event, base, onStep);
        if (result) return result;
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function take(event: ServerEvent, base: string, onStep: (step: Step) => void): FillResult | undefined {
  let data;
  try {
    data = asObject(JSON.parse(event.data));
  } catch {
    throw new NotUnderstood("no JSON");
  }
  if (event.event !== "result") {
    onStep({ kind: event.event, data });
    return undefined;
  }
  const result = readFillResult(data);
  if (result.verdict === "CANCELLED") {
    throw new Problem("ended", `The prover at ${base} stopped the work: it is ending, or somebody stopped it there.`);
  }
  if (result.verdict === "ERROR") throw new Problem("fault", `The prover says: ${result.message || "it failed."}`);
  return result;
}

/** Aborts when nothing was heard for some time. */
class Idle {
  private readonly controller = new AbortController();
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly limitMs: number) {
    this.heard();
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  heard(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.controller.abort();
    }, this.limitMs);
  }

  stop(): void {
    clearTimeout(this.timer);
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(new Stopped());
      return;
    }
    const stop = (): void => {
      clearTimeout(timer);
      reject(new Stopped());
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal.addEventListener("abort", stop, { once: true });
  });
}
