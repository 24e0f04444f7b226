/** What the prover's `POST /v1/fill` takes and answers, and readers that refuse what is none of it. */

export interface FillRequest {
  readonly text: string;
  readonly theorems: readonly string[];
  readonly project: string;
  readonly logical_name: string;
  readonly budget_cpu_s?: number;
  readonly samples?: number;
  readonly jobs?: number;
  readonly toolchain?: string;
}

/** A place as editors count it: lines from 0, characters in UTF-16 code units. */
export interface TextPosition {
  readonly line: number;
  readonly character: number;
}

export interface TextEdit {
  readonly start: TextPosition;
  readonly end: TextPosition;
  readonly newText: string;
}

/** What came of one theorem. */
export interface TheoremResult {
  readonly theorem: string;
  readonly verdict: string;
  readonly script: string;
  readonly prelude: string;
  readonly message: string;
  readonly partial: string;
  readonly how: string;
  readonly cpuSeconds: number;
  /** What puts the proof into the sent text; empty where none was found. */
  readonly edits: readonly TextEdit[];
}

export interface FilledTheorem {
  readonly theorem: string;
  /** Empty where no proof was found. */
  readonly edits: readonly TextEdit[];
  readonly result: TheoremResult;
}

export interface FillResult {
  readonly theorems: readonly FilledTheorem[];
  /** `ERROR` or `CANCELLED` where the whole request came to nothing; empty otherwise. */
  readonly verdict: string;
  readonly message: string;
}

/** A step of the work; what is in it depends on its kind. */
export interface Step {
  readonly kind: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export type Json = Readonly<Record<string, unknown>>;

/** Something was answered that the prover does not answer. */
export class NotUnderstood extends Error {}

export function asObject(value: unknown): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new NotUnderstood("no object");
  return value as Json;
}

export function asArray(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new NotUnderstood("no array");
  return value;
}

/** The text of a field; empty where it is missing. */
export function textOf(value: Json, name: string): string {
  const found = value[name];
  return typeof found === "string" ? found : "";
}

/** The number of a field; 0 where it is missing. */
export function numberOf(value: Json, name: string): number {
  const found = value[name];
  return typeof found === "number" ? found : 0;
}

export function readTheoremResult(value: unknown): TheoremResult {
  const found = asObject(value);
  return {
    theorem: textOf(found, "theorem"),
    verdict: textOf(found, "verdict"),
    script: textOf(found, "script"),
    prelude: textOf(found, "prelude"),
    message: textOf(found, "message"),
    partial: textOf(found, "partial"),
    how: textOf(found, "how"),
    cpuSeconds: numberOf(found, "cpu_s"),
    edits: Array.isArray(found["edits"]) ? found["edits"].map(readEdit) : [],
  };
}

function readPosition(value: unknown): TextPosition {
  const { line, character } = asObject(value);
  if (!Number.isSafeInteger(line) || !Number.isSafeInteger(character)) throw new NotUnderstood("no position");
  return { line: line as number, character: character as number };
}

function readEdit(value: unknown): TextEdit {
  const found = asObject(value);
  const newText = found["new_text"];
  if (typeof newText !== "string") throw new NotUnderstood("no edit");
  return { start: readPosition(found["start"]), end: readPosition(found["end"]), newText };
}

export function readFillResult(value: unknown): FillResult {
  const found = asObject(value);
  return {
    verdict: textOf(found, "verdict"),
    message: textOf(found, "message"),
    theorems: asArray(found["theorems"]).map((one) => {
      const theorem = asObject(one);
      return {
        theorem: textOf(theorem, "theorem"),
        edits: asArray(theorem["edits"]).map(readEdit),
        result: readTheoremResult(theorem["result"]),
      };
    }),
  };
}
