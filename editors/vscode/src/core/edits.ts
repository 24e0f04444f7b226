/**
 * From the prover's edits to changes of a document that may have changed since it was sent.
 *
 * Each theorem is one block of text, from its statement to the end of its proof. The blocks are followed through
 * every change of the document. A block that was touched is lost, and its proof with it; the others only move.
 */

import type { Aim, Place } from "./places";
import type { FilledTheorem, TextEdit, TextPosition, TheoremResult } from "./protocol";

/** A change of a text; offsets in UTF-16 code units. */
export interface Change {
  readonly start: number;
  readonly end: number;
  readonly newText: string;
}

/** Where lines begin in a text. */
export class Lines {
  private readonly starts: readonly number[];

  constructor(private readonly text: string) {
    const starts = [0];
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
    this.starts = starts;
  }

  /** The offset of a position; undefined where the text has no such position. */
  offset({ line, character }: TextPosition): number | undefined {
    const start = this.starts[line];
    if (start === undefined || character < 0) return undefined;
    const next = this.starts[line + 1] ?? this.text.length + 1;
    return start + character < next ? start + character : undefined;
  }
}

/** A proof for one theorem, as changes of the text that the document had when it was sent. */
export interface Found {
  readonly name: string;
  /** The block that must be as it was. */
  readonly start: number;
  readonly end: number;
  /** All of them inside of the block. */
  readonly changes: readonly Change[];
}

/** The way from offsets of the sent text to those of the document: itself, but for single theorems. */
export type ToSource = Aim["toSource"];

/** The proofs of an answer. `places` are those of the sent text. */
export function proofsOf(
  filled: readonly FilledTheorem[],
  sent: string,
  places: readonly Place[],
  toSource: ToSource,
): Found[] {
  const lines = new Lines(sent);
  return filled.flatMap(({ theorem, edits }) => {
    const changes = changesOf(edits, lines);
    return changes.length ? [found(theorem, changes, sent, places, toSource)] : [];
  });
}

/** The changes that edits of the sent text are; none where they do not fit it. */
function changesOf(edits: readonly TextEdit[], lines: Lines): Change[] {
  const changes: Change[] = [];
  for (const { start, end, newText } of edits) {
    const from = lines.offset(start);
    const to = lines.offset(end);
    if (from === undefined || to === undefined || to < from) return [];
    changes.push({ start: from, end: to, newText });
  }
  return changes;
}

/** The proofs of theorems that are done, where no answer for the whole text came. */
export function proofsOfSteps(
  results: readonly TheoremResult[],
  sent: string,
  places: readonly Place[],
  toSource: ToSource,
): Found[] {
  const newline = sent.includes("\r\n") ? "\r\n" : "\n";
  const lines = new Lines(sent);
  const free = [...places];
  return results.flatMap(({ theorem, verdict, script, prelude, edits }) => {
    const at = free.findIndex((one) => one.name === theorem);
    const place = free[at];
    if (!place) return [];
    free.splice(0, at + 1);
    if (verdict !== "PROVED" || !script) return [];
    const told = changesOf(edits, lines);
    if (told.length) return [found(theorem, told, sent, places, toSource)];
    // A prover of an earlier version tells no edits with its steps.
    const proof = `\n${script.trim()}`.replace(/\r?\n/g, newline);
    const changes: Change[] = [{ start: place.statementEnd, end: place.end, newText: proof }];
    if (prelude.trim()) {
      const before = `${prelude.trim()}\n`.replace(/\r?\n/g, newline);
      changes.unshift({ start: place.start, end: place.start, newText: before });
    }
    return [found(theorem, changes, sent, places, toSource)];
  });
}

function found(
  name: string,
  changes: readonly Change[],
  sent: string,
  places: readonly Place[],
  toSource: ToSource,
): Found {
  const last = Math.max(...changes.map((one) => one.end));
  const first = Math.min(...changes.map((one) => one.start));
  const place = places.find((one) => one.start <= first && last <= one.end);
  return {
    name,
    start: toSource(place ? place.start : first),
    end: toSource(place ? place.end : last),
    changes: changes.map(({ start, end, newText }) => {
      // What was sent before the change and is not in the document is put in with it.
      let from = start;
      while (from > 0 && toSource(from - 1) === toSource(start)) from -= 1;
      return { start: toSource(start), end: toSource(end), newText: sent.slice(from, start) + newText };
    }),
  };
}

interface Block {
  start: number;
  end: number;
  lost: boolean;
  readonly text: string;
  /** The character after it, where that ends a sentence. */
  readonly closed: boolean;
}

/** Follows a text through its changes. */
export class Followed {
  private readonly log: Change[] = [];

  constructor(
    /** As it was at first. */
    readonly source: string,
  ) {}

  /** The text was changed. */
  change(change: Change): void {
    this.log.push(change);
  }

  /** Whether it was changed at all. */
  get changed(): boolean {
    return this.log.length > 0;
  }

  /** The text as it is now, as far as the changes tell. */
  get text(): string {
    return this.log.reduce((text, one) => text.slice(0, one.start) + one.newText + text.slice(one.end), this.source);
  }

  /** Takes in what changed without being told, such as a document that was closed and opened again. */
  catchUp(current: string): void {
    const before = this.text;
    if (before === current) return;
    const most = Math.min(before.length, current.length);
    let head = 0;
    while (head < most && before[head] === current[head]) head += 1;
    let tail = 0;
    while (tail < most - head && before[before.length - 1 - tail] === current[current.length - 1 - tail]) tail += 1;
    this.change({ start: head, end: before.length - tail, newText: current.slice(head, current.length - tail) });
  }

  /** Where an offset of the source is now. */
  moved(offset: number): number {
    for (const { start, end, newText } of this.log) {
      if (end <= offset) offset += newText.length - (end - start);
      else if (start < offset) offset = start;
    }
    return offset;
  }

  /** The changes that put proofs into the current text, and the names of those whose theorem was touched. */
  place(proofs: readonly Found[], current: string): { changes: Change[]; lost: string[]; placed: string[] } {
    const changes: Change[] = [];
    const lost: string[] = [];
    const placed: string[] = [];
    for (const proof of proofs) {
      const block = this.follow(proof);
      if (!isThere(block, current)) {
        lost.push(proof.name);
        continue;
      }
      const by = block.start - proof.start;
      const moved = proof.changes.map(({ start, end, newText }) => ({ start: start + by, end: end + by, newText }));
      // A theorem inside the proof of another one: both cannot be changed.
      if (moved.some((one) => changes.some((other) => one.start < other.end && other.start < one.end))) {
        lost.push(proof.name);
        continue;
      }
      placed.push(proof.name);
      changes.push(...moved);
    }
    return { changes: changes.sort((one, other) => one.start - other.start || one.end - other.end), lost, placed };
  }

  private follow({ start, end }: Found): Block {
    const text = this.source.slice(start, end);
    const block: Block = { start, end, lost: false, text, closed: isBlank(this.source[end]) };
    for (const change of this.log) {
      if (change.end <= block.start) {
        const by = change.newText.length - (change.end - change.start);
        block.start += by;
        block.end += by;
      } else if (change.start < block.end) {
        block.lost = true;
      }
    }
    return block;
  }
}

function isBlank(letter: string | undefined): boolean {
  return letter === undefined || /\s/.test(letter);
}

function isThere(block: Block, current: string): boolean {
  return (
    !block.lost &&
    current.slice(block.start, block.end) === block.text &&
    (!block.closed || isBlank(current[block.end])) &&
    (block.start === 0 || !/[\w']/.test(current[block.start - 1] ?? ""))
  );
}

/** A text with changes made that do not overlap and are in order. */
export function applied(text: string, changes: readonly Change[]): string {
  let last = 0;
  const parts: string[] = [];
  for (const { start, end, newText } of changes) {
    parts.push(text.slice(last, start), newText);
    last = end;
  }
  return parts.join("") + text.slice(last);
}
