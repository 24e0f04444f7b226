import assert from "node:assert/strict";
import { test } from "node:test";
import { EventReader, type ServerEvent } from "../../src/core/sse";

const STREAM =
  ': a comment\r\n\r\nevent: attempt\r\ndata: {"id": 1}\r\n\r\n' +
  "id: 7\nevent: ran\ndata: ∀ n, 𝔸\ndata:second\n\n" +
  "data\rid:8\r\rretry: 5\nnothing: here\n\ndata: unfinished\n";
const EVENTS: ServerEvent[] = [
  { event: "attempt", data: '{"id": 1}', id: "" },
  { event: "ran", data: "∀ n, 𝔸\nsecond", id: "7" },
  { event: "message", data: "", id: "8" },
];

function read(bytes: Uint8Array, cuts: number[]): ServerEvent[] {
  const reader = new EventReader();
  const ends = [...cuts, bytes.length];
  return ends.flatMap((end, at) => reader.push(bytes.slice(at ? ends[at - 1] : 0, end)));
}

test("events are the same wherever the stream is cut", () => {
  const bytes = new TextEncoder().encode(STREAM);
  assert.deepEqual(read(bytes, []), EVENTS);
  for (let first = 0; first <= bytes.length; first += 1) {
    assert.deepEqual(read(bytes, [first]), EVENTS, `cut at ${first}`);
    assert.deepEqual(read(bytes, [first, Math.min(first + 1, bytes.length)]), EVENTS, `cut at ${first} and after it`);
  }
  const each = Array.from({ length: bytes.length }, (_, at) => at);
  assert.deepEqual(read(bytes, each), EVENTS, "byte by byte");
});

test("a mark of the byte order at the start is no part of the first field", () => {
  assert.deepEqual(read(new TextEncoder().encode("\ufeffdata: a\n\n"), [1]), [{ event: "message", data: "a", id: "" }]);
});

test("an event without data is none", () => {
  assert.deepEqual(read(new TextEncoder().encode("event: x\n\ndata: a\n\n"), []), [
    { event: "message", data: "a", id: "" },
  ]);
});
