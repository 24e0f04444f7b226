/** A message of a stream of server-sent events. */
export interface Message {
  event: string;
  data: string;
  id: string;
}

/**
 * Puts messages together from pieces of a stream, cut anywhere. Lines end with CR, LF or both; comments are left out; a
 * message that the stream ends in is dropped. Source: the WHATWG's HTML standard, "Server-sent events".
 */
export class SseParser {
  #rest = "";
  #afterCr = false;
  #begun = false;
  #event = "";
  #data: string[] = [];
  #id = "";

  /** The messages that a piece completes. */
  push(piece: string): Message[] {
    if (piece === "") return [];
    let text = piece;
    if (!this.#begun) {
      this.#begun = true;
      if (text.startsWith("\uFEFF")) text = text.slice(1);
    }
    const found: Message[] = [];
    let from = 0;
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code !== 10 && code !== 13) {
        this.#afterCr = false;
        continue;
      }
      if (code === 10 && this.#afterCr) {
        // The second half of a CR LF, whose line is done.
        this.#afterCr = false;
        from = at + 1;
        continue;
      }
      const line = this.#rest + text.slice(from, at);
      this.#rest = "";
      from = at + 1;
      this.#afterCr = code === 13;
      const message = this.#line(line);
      if (message !== null) found.push(message);
    }
    this.#rest += text.slice(from);
    return found;
  }

  #line(line: string): Message | null {
    if (line === "") {
      const message = { event: this.#event || "message", data: this.#data.join("\n"), id: this.#id };
      const empty = this.#data.length === 0;
      this.#event = "";
      this.#data = [];
      return empty ? null : message;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return null;
    const field = colon < 0 ? line : line.slice(0, colon);
    let value = colon < 0 ? "" : line.slice(colon + 1);
    if (value.startsWith(" ")) value = value.slice(1);
    if (field === "event") this.#event = value;
    else if (field === "data") this.#data.push(value);
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    return null;
  }
}

/** The messages of an answer's body, as they come. */
export async function* messages(body: ReadableStream<Uint8Array>): AsyncGenerator<Message> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const parser = new SseParser();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield* parser.push(decoder.decode(value, { stream: true }));
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}
