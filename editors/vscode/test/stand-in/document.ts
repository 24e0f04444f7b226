import { Position, Range, type Uri } from "./types";

export interface ContentChange {
  range: Range;
  rangeOffset: number;
  rangeLength: number;
  text: string;
}

/** A text document as the editor has it: one kind of line end, versions, positions that are cut to the text. */
export class Document {
  version = 1;
  isClosed = false;
  isDirty = false;
  readonly eol: number;
  private lines: string[];
  readonly undo: string[] = [];

  constructor(
    readonly uri: Uri,
    public languageId: string,
    text: string,
  ) {
    const returns = text.split("\r\n").length - 1;
    this.eol = returns * 2 > text.split("\n").length - 1 ? 2 : 1;
    this.lines = text.split(/\r\n|\r|\n/);
  }

  get isUntitled(): boolean {
    return this.uri.scheme === "untitled";
  }

  get fileName(): string {
    return this.uri.fsPath;
  }

  get lineCount(): number {
    return this.lines.length;
  }

  private get newline(): string {
    return this.eol === 2 ? "\r\n" : "\n";
  }

  getText(range?: Range): string {
    const text = this.lines.join(this.newline);
    return range ? text.slice(this.offsetAt(range.start), this.offsetAt(range.end)) : text;
  }

  offsetAt(position: Position): number {
    const { line, character } = this.validatePosition(position);
    const before = this.lines.slice(0, line);
    return before.reduce((sum, one) => sum + one.length + this.newline.length, 0) + character;
  }

  positionAt(offset: number): Position {
    let left = Math.max(0, Math.floor(offset));
    for (const [line, text] of this.lines.entries()) {
      if (left <= text.length || line === this.lines.length - 1) return new Position(line, Math.min(left, text.length));
      left -= text.length + this.newline.length;
      if (left < 0) return new Position(line, text.length); // between \r and \n
    }
    return new Position(0, 0);
  }

  validatePosition({ line, character }: Position): Position {
    const last = this.lines.length - 1;
    if (line > last) return new Position(last, this.lines[last]?.length ?? 0);
    return new Position(line, Math.min(character, this.lines[line]?.length ?? 0));
  }

  /** Makes edits that do not overlap, as one step of undo; the changes as they are told, the last one first. */
  edit(edits: readonly { range: Range; newText: string }[]): ContentChange[] {
    const changes = edits.map(({ range, newText }) => {
      const rangeOffset = this.offsetAt(range.start);
      const rangeLength = this.offsetAt(range.end) - rangeOffset;
      return { range, rangeOffset, rangeLength, text: newText.replace(/\r\n|\r|\n/g, this.newline) };
    });
    changes.sort((one, other) => other.rangeOffset - one.rangeOffset || other.rangeLength - one.rangeLength);
    let text = this.getText();
    let end = text.length;
    for (const change of changes) {
      if (change.rangeOffset + change.rangeLength > end) throw new Error("Overlapping ranges are not allowed!");
      end = change.rangeOffset;
    }
    this.undo.push(text);
    for (const { rangeOffset, rangeLength, text: newText } of changes) {
      text = text.slice(0, rangeOffset) + newText + text.slice(rangeOffset + rangeLength);
    }
    this.lines = text.split(/\r\n|\r|\n/);
    this.version += 1;
    this.isDirty = true;
    return changes;
  }
}
