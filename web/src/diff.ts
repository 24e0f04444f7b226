/** The changes that edits make to a text, line by line. */

import type { Edit } from "./contract";

export type Line = { kind: "same" | "old" | "new"; text: string } & { old: number | null; new: number | null };

export interface Hunk {
  lines: Line[];
}

/** Hunks with so many lines around a change. Edits do not overlap; their places are those of the old text. */
export function hunks(text: string, edits: readonly Edit[], around = 2): Hunk[] {
  const old = text.split("\n");
  const sorted = [...edits].sort((a, b) => a.start.line - b.start.line || a.start.character - b.start.character);
  // Edits whose lines touch are one change.
  const groups: Edit[][] = [];
  for (const edit of sorted) {
    const group = groups.at(-1);
    const before = group?.at(-1);
    if (group !== undefined && before !== undefined && edit.start.line <= before.end.line) group.push(edit);
    else groups.push([edit]);
  }
  const found: Hunk[] = [];
  let added = 0;
  let shown = 0;
  for (const group of groups) {
    const first = group[0]?.start.line ?? 0;
    const last = group.at(-1)?.end.line ?? first;
    let [from, to] = [first, last];
    let was = old.slice(from, to + 1);
    let becomes = replaced(was, group, first).split("\n");
    // Lines that stay as they are at both ends are no part of the change.
    while (was.length > 0 && becomes.length > 0 && was[0] === becomes[0]) {
      was = was.slice(1);
      becomes = becomes.slice(1);
      from++;
    }
    while (was.length > 0 && becomes.length > 0 && was.at(-1) === becomes.at(-1)) {
      was = was.slice(0, -1);
      becomes = becomes.slice(0, -1);
      to--;
    }
    if (was.length === 0 && becomes.length === 0) continue;
    const start = Math.max(shown, from - around);
    const lines: Line[] = [];
    const same = (at: number, shift: number): void => {
      lines.push({ kind: "same", text: old[at] ?? "", old: at + 1, new: at + 1 + shift });
    };
    for (let at = start; at < from; at++) same(at, added);
    for (const [kind, old, at] of changes(was, becomes)) {
      const text = (kind === "new" ? becomes[at] : was[old]) ?? "";
      const numbers = {
        old: kind === "new" ? null : from + old + 1,
        new: kind === "old" ? null : from + at + 1 + added,
      };
      lines.push({ kind, text, ...numbers });
    }
    added += becomes.length - was.length;
    shown = Math.min(old.length, to + 1 + around);
    for (let at = to + 1; at < shown; at++) if (at < old.length - 1 || old[at] !== "") same(at, added);
    const before = found.at(-1);
    if (before !== undefined && start > 0 && before.lines.at(-1)?.old === start) before.lines.push(...lines);
    else found.push({ lines });
  }
  return found;
}

function replaced(lines: readonly string[], edits: readonly Edit[], first: number): string {
  const offset = (line: number, character: number): number =>
    lines.slice(0, line - first).reduce((sum, one) => sum + one.length + 1, 0) + character;
  let text = lines.join("\n");
  for (const edit of [...edits].reverse()) {
    const start = offset(edit.start.line, edit.start.character);
    text = text.slice(0, start) + edit.new_text + text.slice(offset(edit.end.line, edit.end.character));
  }
  return text;
}

/** Lines of more than so many pairs are not compared: all old ones go, all new ones come. */
const MOST_PAIRS = 250_000;

/** What makes the new lines of the old ones, keeping the longest common sequence; numbers are places in both. */
function changes(was: readonly string[], becomes: readonly string[]): [Line["kind"], number, number][] {
  const [rows, columns] = [was.length, becomes.length];
  const width = columns + 1;
  const compared = rows * columns <= MOST_PAIRS;
  const longest = new Uint32Array(compared ? (rows + 1) * width : 0);
  const at = (row: number, column: number): number => longest[row * width + column] ?? 0;
  if (compared)
    for (let row = rows - 1; row >= 0; row--)
      for (let column = columns - 1; column >= 0; column--)
        longest[row * width + column] =
          was[row] === becomes[column]
            ? at(row + 1, column + 1) + 1
            : Math.max(at(row + 1, column), at(row, column + 1));
  const found: [Line["kind"], number, number][] = [];
  let [row, column] = [0, 0];
  while (row < rows || column < columns) {
    if (compared && row < rows && column < columns && was[row] === becomes[column])
      found.push(["same", row++, column++]);
    else if (row < rows && (column >= columns || at(row + 1, column) >= at(row, column + 1)))
      found.push(["old", row++, column]);
    else found.push(["new", row, column++]);
  }
  return found;
}
