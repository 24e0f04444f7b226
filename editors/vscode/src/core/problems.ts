/** What can go wrong with the server, each as one sentence with its remedy. */

export type ProblemKind =
  | "address" // the setting is no address
  | "unreachable" // nothing answers there
  | "notProver" // something else answers there
  | "unauthorized"
  | "tooLarge"
  | "invalid"
  | "busy"
  | "notReady"
  | "fault" // the server has a fault
  | "cut" // the answer broke off
  | "silent" // nothing came for too long
  | "ended"; // the server stopped the work

export class Problem extends Error {
  constructor(
    readonly kind: ProblemKind,
    message: string,
  ) {
    super(message);
  }
}

/** The user stopped it. */
export class Stopped extends Error {
  constructor() {
    super("stopped");
  }
}

/** A message of the server as the end of a sentence. */
function told(message: string): string {
  const one = message.trim().replace(/\s+/g, " ");
  return one === "" ? "" : one.endsWith(".") ? one : `${one}.`;
}

/** What an answer that is not 200 means. */
export function problemOfStatus(status: number, message: string, base: string): Problem {
  const why = told(message);
  switch (status) {
    case 401:
      return new Problem(
        "unauthorized",
        `The prover at ${base} wants an access token, and the one that is set is not right.`,
      );
    case 403:
    case 421:
      return new Problem("invalid", `The prover at ${base} refuses the request: ${why || "it says no more."}`);
    case 413:
      return new Problem(
        "tooLarge",
        "The file is larger than the prover takes: its operator can raise PALMETTO_PROVER_MAX_BODY_BYTES.",
      );
    case 422:
      return new Problem("invalid", `The prover does not take the request: ${why || "it says no more."}`);
    case 429:
      return new Problem("busy", `The prover at ${base} has no room: try again later. ${why}`.trim());
    case 503:
      return new Problem("notReady", `The prover at ${base} is not ready: ${why || "try again in a moment."}`);
    default:
      if (status >= 500) {
        return new Problem("fault", `The prover at ${base} failed (HTTP ${status}): ${why || "its log says more."}`);
      }
      return new Problem(
        "notProver",
        `What answers at ${base} is no Palmetto prover (HTTP ${status}): set palmetto.serverUrl to one.`,
      );
  }
}
