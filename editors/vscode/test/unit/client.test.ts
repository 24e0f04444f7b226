import assert from "node:assert/strict";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { type FillOptions, baseOf, fill, retryAfter } from "../../src/core/client";
import { Problem, type ProblemKind, Stopped } from "../../src/core/problems";
import type { FillResult } from "../../src/core/protocol";

const REQUEST = { text: "Lemma é : True.\nAdmitted.\n", theorems: [], project: "", logical_name: "" };
const RESULT = 'event: result\ndata: {"theorems": []}\n\n';
const STREAM = { "content-type": "text/event-stream; charset=utf-8" };

type Answer = (response: ServerResponse, request: IncomingMessage, body: string) => void;

/** A server that gives one answer after the other, and the last one again and again. */
async function served<T>(answers: Answer[], use: (base: string) => Promise<T>): Promise<T> {
  let count = 0;
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (piece: Buffer) => (body += piece.toString()));
    request.on("end", () => answers[Math.min(count++, answers.length - 1)]?.(response, request, body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

function ask(baseUrl: string, options: Partial<FillOptions> = {}): Promise<FillResult> {
  const signal = new AbortController().signal;
  return fill(REQUEST, { baseUrl, token: "", signal, onStep: () => undefined, ...options });
}

async function problem(asked: Promise<unknown>): Promise<Problem> {
  const error = await asked.then(
    () => assert.fail("it went through"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof Problem, String(error));
  assert.match(error.message, /\.$/);
  return error;
}

const refusal =
  (status: number, message: string, headers: Record<string, string> = {}): Answer =>
  (response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify({ error: { message, type: "x" } }));
  };

test("what is sent, and the steps that come back", async () => {
  const steps: string[] = [];
  const result = await served(
    [
      (response, request, body) => {
        assert.equal(request.url, "/v1/fill");
        assert.equal(request.headers.accept, "text/event-stream");
        assert.equal(request.headers.authorization, "Bearer secret");
        assert.deepEqual(JSON.parse(body), REQUEST);
        response.writeHead(200, STREAM);
        response.write('event: attempt\ndata: {"id": "a"}\n\n: ping\n\n');
        response.end(`event: ran\ndata: {"kind": "ran"}\n\n${RESULT}`);
      },
    ],
    (base) => ask(`${base}/`, { token: "secret", onStep: ({ kind }) => steps.push(kind) }),
  );
  assert.deepEqual(steps, ["attempt", "ran"]);
  assert.deepEqual(result.theorems, []);
});

for (const [status, message, kind, says] of [
  [401, "", "unauthorized", /wants an access token/],
  [403, "pages of other sites may not ask.", "invalid", /refuses the request: pages of other sites may not ask\.$/],
  [413, "the body is larger than 5 bytes", "tooLarge", /MAX_BODY_BYTES/],
  [422, "budget_cpu_s: Input should be greater than 0.", "invalid", /budget_cpu_s: Input should be greater than 0\.$/],
  [503, "the checker does not answer", "notReady", /not ready: the checker does not answer\.$/],
  [500, "", "fault", /HTTP 500/],
  [404, "", "notProver", /no Palmetto prover/],
] as const) {
  test(`the status ${status} is a sentence`, async () => {
    const found = await served([refusal(status, message)], (base) => problem(ask(base)));
    assert.equal(found.kind satisfies ProblemKind, kind);
    assert.match(found.message, says);
  });
}

test("429 waits as long as it is told, then asks again", async () => {
  const waits: number[] = [];
  const busy = refusal(429, "2 attempts wait.", { "retry-after": "1" });
  const ok: Answer = (response) => response.writeHead(200, STREAM).end(RESULT);
  await served([busy, busy, ok], (base) => ask(base, { onWait: (seconds) => waits.push(seconds) }));
  assert.deepEqual(waits, [1, 1]);
});

test("429 that asks for too long a wait is said", async () => {
  const busy = refusal(429, "2 attempts wait.", { "retry-after": "3600" });
  const found = await served([busy], (base) => problem(ask(base)));
  assert.equal(found.kind, "busy");
  assert.match(found.message, /no room: .*2 attempts wait\.$/);
});

test("a stop while it waits for room is a stop", async () => {
  const stop = new AbortController();
  const busy = refusal(429, "", { "retry-after": "60" });
  const asked = served([busy], (base) =>
    ask(base, {
      signal: stop.signal,
      onWait: () => {
        stop.abort();
      },
    }),
  );
  await assert.rejects(asked, Stopped);
});

test("a stream that breaks off is told from one that is no stream", async () => {
  const cut: Answer = (response) => {
    response.writeHead(200, STREAM);
    response.write("event: attempt\ndata: {}\n\n");
    setTimeout(() => response.destroy(), 20);
  };
  assert.equal((await served([cut], (base) => problem(ask(base)))).kind, "cut");
  const short: Answer = (response) => response.writeHead(200, STREAM).end("event: attempt\ndata: {}\n\n");
  assert.equal((await served([short], (base) => problem(ask(base)))).kind, "cut");
  const page: Answer = (response) => response.writeHead(200, { "content-type": "text/html" }).end("<p>hello");
  assert.equal((await served([page], (base) => problem(ask(base)))).kind, "notProver");
  const odd: Answer = (response) => response.writeHead(200, STREAM).end("event: result\ndata: [1]\n\n");
  assert.equal((await served([odd], (base) => problem(ask(base)))).kind, "notProver");
});

test("a server that falls silent is given up", async () => {
  const silent: Answer = (response) => {
    response.writeHead(200, STREAM);
    response.write("event: attempt\ndata: {}\n\n");
  };
  assert.equal((await served([silent], (base) => problem(ask(base, { idleMs: 100 })))).kind, "silent");
  assert.equal((await served([() => undefined], (base) => problem(ask(base, { idleMs: 100 })))).kind, "silent");
});

test("a stop closes the connection", async () => {
  const stop = new AbortController();
  let closed: Promise<void> | undefined;
  const endless: Answer = (response) => {
    closed = new Promise((resolve) => response.on("close", resolve));
    response.writeHead(200, STREAM);
    response.write("event: attempt\ndata: {}\n\n");
  };
  await served([endless], async (base) => {
    await assert.rejects(
      ask(base, {
        signal: stop.signal,
        onStep: () => {
          stop.abort();
        },
      }),
      Stopped,
    );
    assert.ok(closed);
    await closed;
  });
});

test("the server's own verdicts on the whole", async () => {
  const says =
    (verdict: string): Answer =>
    (response) =>
      response
        .writeHead(200, STREAM)
        .end(`event: result\ndata: {"theorems": [], "verdict": "${verdict}", "message": "no such thing."}\n\n`);
  assert.match((await served([says("ERROR")], (base) => problem(ask(base)))).message, /no such thing\.$/);
  assert.equal((await served([says("CANCELLED")], (base) => problem(ask(base)))).kind, "ended");
});

test("nobody there", async () => {
  const gone = await served([], (base) => Promise.resolve(base));
  const found = await problem(ask(gone));
  assert.equal(found.kind, "unreachable");
  assert.match(found.message, /palmetto up/);
});

test("a token is not carried to where a server refers", async () => {
  const refers: Answer = (response) => response.writeHead(307, { location: "http://elsewhere.invalid/" }).end();
  const found = await served([refers], (base) => problem(ask(base, { token: "secret" })));
  assert.match(found.message, /elsewhere\.invalid/);
});

test("addresses", async () => {
  assert.equal(baseOf(" http://[::1]:8080/ "), "http://[::1]:8080");
  assert.equal(baseOf("https://example.org/prover//"), "https://example.org/prover");
  for (const address of [
    "",
    "127.0.0.1:8080",
    "localhost:8080",
    "ftp://a",
    "http://u:p@a",
    "http://a/?b",
    "file:///x",
  ]) {
    assert.equal((await problem(ask(address))).kind, "address", address);
  }
});

test("how long to wait", () => {
  const now = Date.parse("2024-01-01T00:00:00Z");
  assert.equal(retryAfter("7", now), 7);
  assert.equal(retryAfter("0", now), 1);
  assert.equal(retryAfter("Mon, 01 Jan 2024 00:00:30 GMT", now), 30);
  assert.equal(retryAfter(null, now), 10);
  assert.equal(retryAfter("soon", now), 10);
});
