import { describe, expect, it } from "vitest";
import { messages, SseParser } from "../src/sse";
import proved from "./recorded/proved.sse?raw";

function all(pieces: readonly string[]) {
  const parser = new SseParser();
  return pieces.flatMap((piece) => parser.push(piece));
}

const inPieces = (text: string, size: number): string[] =>
  Array.from({ length: Math.ceil(text.length / size) }, (_, at) => text.slice(at * size, (at + 1) * size));

describe("the parser of server-sent events", () => {
  it("reads event, id and data", () => {
    expect(all(["event: ran\nid: 4\ndata: {}\n\n"])).toEqual([{ event: "ran", id: "4", data: "{}" }]);
  });

  it("joins lines of data, and keeps an id until there is another", () => {
    expect(all(["id: 1\ndata: a\ndata:b\ndata\n\ndata: c\n\n"])).toEqual([
      { event: "message", id: "1", data: "a\nb\n" },
      { event: "message", id: "1", data: "c" },
    ]);
  });

  it("leaves out comments, unknown fields and messages without data", () => {
    expect(all([": ping\n\nretry: 10\nwhat: x\n\nevent: lost\n\ndata: kept\n\n"])).toEqual([
      { event: "message", id: "", data: "kept" },
    ]);
  });

  it.each([1, 2, 3, 7, 64])("does not mind where a real stream is cut: pieces of %i", (size) => {
    const whole = all([proved]);
    expect(whole.length).toBeGreaterThan(50);
    expect(whole.at(-1)?.event).toBe("result");
    expect(all(inPieces(proved, size))).toEqual(whole);
  });

  it.each(["\n", "\r", "\r\n"])("takes every end of line, cut anywhere: %j", (end) => {
    const text = ["event: a", "data: 1", "", ": note", "data: 2", "data: 3", "", ""].join(end);
    for (let at = 0; at <= text.length; at++) {
      const found = all([text.slice(0, at), text.slice(at)]);
      expect(found.map((one) => one.data)).toEqual(["1", "2\n3"]);
    }
  });

  it("drops what the stream ends in", () => {
    expect(all(["data: whole\n\ndata: half"])).toEqual([{ event: "message", id: "", data: "whole" }]);
  });

  it("leaves out a mark at the beginning", () => {
    expect(all(["\uFEFFdata: x\n\n"])).toHaveLength(1);
  });

  it("puts letters together that were cut within their bytes", async () => {
    const bytes = new TextEncoder().encode("data: ∀ n, n ≤ 𝔸\n\n");
    const body = new ReadableStream<Uint8Array>({
      start(to) {
        for (const byte of bytes) to.enqueue(Uint8Array.of(byte));
        to.close();
      },
    });
    const found = [];
    for await (const one of messages(body)) found.push(one.data);
    expect(found).toEqual(["∀ n, n ≤ 𝔸"]);
  });
});
