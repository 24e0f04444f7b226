/** Server-sent events, from bytes that come in pieces cut anywhere. */

export interface ServerEvent {
  readonly event: string;
  readonly data: string;
  readonly id: string;
}

/** Reads a stream of events, as the HTML standard tells it. What an unfinished event leaves at the end is dropped. */
export class EventReader {
  private readonly decoder = new TextDecoder("utf-8");
  private rest = "";
  private endedInReturn = false;
  private event = "";
  private id = "";
  private data: string[] = [];

  /** The events that are complete with this piece. */
  push(piece: Uint8Array): ServerEvent[] {
    let text = this.decoder.decode(piece, { stream: true });
    if (!text) return [];
    // A line may end in \r\n, and the two may come in different pieces.
    if (this.endedInReturn && text.startsWith("\n")) text = text.slice(1);
    this.endedInReturn = text.endsWith("\r");
    const lines = text.split(/\r\n|\n|\r/);
    lines[0] = this.rest + (lines[0] ?? "");
    this.rest = lines.pop() ?? "";
    return lines.flatMap((line) => this.line(line) ?? []);
  }

  private line(line: string): ServerEvent | undefined {
    if (line === "") return this.dispatch();
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (field === "event") this.event = value;
    else if (field === "data") this.data.push(value);
    else if (field === "id" && !value.includes("\0")) this.id = value;
    return undefined;
  }

  private dispatch(): ServerEvent | undefined {
    const { event, id, data } = this;
    this.event = "";
    this.data = [];
    return data.length ? { event: event || "message", data: data.join("\n"), id } : undefined;
  }
}
