import type { IncomingMessage, ServerResponse } from "node:http";
import { expect, test } from "vitest";
import { createHttpRequest } from "../../../src/http/client.ts";
import { RateLimiter, type RateLimiterOptions } from "../../../src/probe/mcp/rate-limiter.ts";
import type { HttpInit } from "../../../src/http/http.ts";
import { listen } from "../../servers/listen.ts";
import { startServer } from "../servers/configurable-server.ts";
import { probeAt } from "../servers/probing.ts";
import { during, TOKEN } from "../verify/verifying.ts";

function limiterWith(options: Partial<RateLimiterOptions> = {}): RateLimiter {
  return new RateLimiter({
    request: createHttpRequest(),
    now: () => performance.now(),
    rate: 100_000,
    concurrency: 6,
    ...options,
  });
}

function init(url: string): HttpInit {
  return { url: new URL(url), method: "GET", headers: {}, timeoutMs: 5000 };
}

/** Sends `count` requests without the valid key and returns their statuses. */
function sendWrong(limiter: RateLimiter, url: string, count: number): Promise<PromiseSettledResult<number>[]> {
  const sending = Array.from({ length: count }, async () => {
    const response = await limiter.wrong(init(url));
    response.close();
    return response.status;
  });
  return Promise.allSettled(sending);
}

/** Starts a server whose nth request is answered by `answer`, and records when each arrived. */
async function startCounting(
  answer: (response: ServerResponse, n: number, request: IncomingMessage) => void,
  finished?: Parameters<typeof during>[1],
) {
  const arrivals: number[] = [];
  const running = await during(
    listen((request, response) => {
      arrivals.push(performance.now());
      answer(response, arrivals.length, request);
    }),
    finished,
  );
  return { ...running, arrivals };
}

test("limits the rate of requests without the valid key after a burst of one second", async () => {
  const { url, arrivals } = await startCounting((response) => response.end());
  const started = performance.now();
  await sendWrong(limiterWith({ rate: 10 }), url, 15);
  expect(arrivals).toHaveLength(15);
  // Ten at once, the fifteenth half a second later.
  const spent = Math.max(...arrivals) - started;
  expect(spent).toBeGreaterThanOrEqual(490);
  expect(spent).toBeLessThan(3000);
  const earlier = arrivals.map((at) => at - started).filter((at) => at < 95);
  expect(earlier.length).toBeLessThanOrEqual(10);
});

test("does not slow down requests with the valid key", async () => {
  const { url, arrivals } = await startCounting((response) => response.end());
  const limiter = limiterWith({ rate: 1 });
  const started = performance.now();
  await Promise.all(Array.from({ length: 8 }, async () => (await limiter.valid(init(url))).close()));
  expect(performance.now() - started).toBeLessThan(900);
  expect(arrivals).toHaveLength(8);
  expect(limiter.sent).toEqual({ requests: 8, wrong: 0 });
});

test("limits concurrent requests and answers all of them", async () => {
  let open = 0;
  let most = 0;
  const { url } = await startCounting((response) => {
    most = Math.max(most, ++open);
    setTimeout(() => {
      open--;
      response.end();
    }, 20);
  });
  const answers = await sendWrong(limiterWith({ concurrency: 3 }), url, 14);
  expect(answers.every(({ status }) => status === "fulfilled")).toBe(true);
  expect(most).toBe(3);
});

test.concurrent.for<[string, Record<string, string>, number]>([
  ["with seconds", { "retry-after": "1" }, 1000],
  ["with a date of the server's clock", dated(1), 1000],
  ["without a time", {}, 1000],
  ["with nonsense", { "retry-after": "soon" }, 1000],
])("waits after a 429 %s and repeats the request", async ([, headers, least], { onTestFinished }) => {
  const { url, arrivals } = await startCounting(
    (response, n) => response.writeHead(n <= 2 ? 429 : 200, headers).end(),
    onTestFinished,
  );
  const limiter = limiterWith({ concurrency: 2 });
  const answers = await sendWrong(limiter, url, 4);
  expect(answers).toEqual(Array.from({ length: 4 }, () => ({ status: "fulfilled", value: 200 })));
  // Two concurrent 429s count as one; nothing was sent until the wait was over.
  expect(arrivals).toHaveLength(6);
  expect(arrivals[2]! - arrivals[1]!).toBeGreaterThanOrEqual(least - 50);
  expect(limiter.stopped).toBeNull();
});

test("goes on more slowly after each 429, and halves the rate", async () => {
  const { url, arrivals } = await startCounting((response, n) =>
    response.writeHead(n % 4 === 1 ? 429 : 200, { "retry-after": "0" }).end(),
  );
  const limiter = limiterWith({ concurrency: 1, rate: 1000 });
  const answers = await sendWrong(limiter, url, 10);
  expect(answers.every(({ status }) => status === "fulfilled")).toBe(true);
  expect(arrivals).toHaveLength(14);
  expect(limiter.rate).toBeLessThanOrEqual(63);
  expect(limiter.stopped).toBeNull();
});

test("stops when the waits exceed the patience, and still sends the valid key", async () => {
  const { url, arrivals } = await startCounting((response, n) =>
    response.writeHead(n <= 3 || n === 5 ? 200 : 429, { "retry-after": "30" }).end(),
  );
  const limiter = limiterWith({ concurrency: 1, patienceMs: 20_000 });
  const answers = await sendWrong(limiter, url, 10);
  expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(3);
  const refused = answers.flatMap((answer) => (answer.status === "rejected" ? [answer.reason as unknown] : []));
  for (const reason of refused) {
    expect(reason).toMatchObject({ code: "SERVER_UNREACHABLE", message: expect.stringContaining("not sent, because") });
  }
  expect(arrivals).toHaveLength(4);
  expect(limiter.stopped?.reason).toMatch(/^the server allows only about \d+ requests? (?:a minute|an hour)$/);
  await expect(limiter.valid(init(url))).resolves.toMatchObject({ status: 200 });
});

test("sends the valid key no more if the server limits it too", async () => {
  const { url, arrivals } = await startCounting((response) => response.writeHead(429, { "retry-after": "30" }).end());
  const limiter = limiterWith({ patienceMs: 20_000 });
  await expect(limiter.valid(init(url))).rejects.toMatchObject({ code: "SERVER_UNREACHABLE" });
  await expect(limiter.valid(init(url))).rejects.toMatchObject({ code: "SERVER_UNREACHABLE" });
  expect(arrivals).toHaveLength(1);
});

test("waits for a 503 with Retry-After, and takes one that stays as the answer", async () => {
  const { url, arrivals } = await startCounting((response, n) =>
    response.writeHead(n === 1 || n > 2 ? 503 : 200, { "retry-after": "0" }).end(),
  );
  const limiter = limiterWith({ concurrency: 1 });
  const answers = await sendWrong(limiter, url, 3);
  expect(answers).toMatchObject([{ value: 503 }, { value: 200 }, { value: 503 }]);
  expect(arrivals).toHaveLength(7);
  expect(limiter.stopped).toBeNull();
});

test("takes a 503 without Retry-After as the answer", async () => {
  const { url, arrivals } = await startCounting((response) => response.writeHead(503).end());
  expect(await sendWrong(limiterWith(), url, 2)).toMatchObject([{ value: 503 }, { value: 503 }]);
  expect(arrivals).toHaveLength(2);
});

test("halves the rate when answers take longer and longer, down to one request a second", async () => {
  let delay = 1;
  const { url } = await startCounting((response, n) => {
    if (n > 10) delay = 600;
    setTimeout(() => response.end(), delay);
  });
  const limiter = limiterWith({ rate: 1000 });
  await sendWrong(limiter, url, 10);
  expect(limiter.rate).toBe(1000);
  const rates = [];
  for (let wave = 0; wave < 4; wave++) {
    await sendWrong(limiter, url, 6);
    rates.push(limiter.rate);
  }
  // Not in the first wave, because all requests in one wave may wait for the same thing.
  expect(rates).toEqual([1000, 500, 250, 125]);
});

test.each([
  ["seconds", { "retry-after": "3600" }],
  ["date", dated(3600)],
])("stops at once if it would have to wait longer than its patience, given as %s", async (_, headers) => {
  const { url, arrivals } = await startCounting((response) => response.writeHead(429, headers).end());
  const limiter = limiterWith();
  const started = performance.now();
  const answers = await sendWrong(limiter, url, 20);
  expect(performance.now() - started).toBeLessThan(2000);
  expect(answers.every(({ status }) => status === "rejected")).toBe(true);
  expect(arrivals.length).toBeLessThanOrEqual(6);
  expect(limiter.stopped).toMatchObject({ reason: "the server allows only about 1 request an hour" });
});

test("an abort ends the wait", async () => {
  const { url } = await startCounting((response) => response.writeHead(429, { "retry-after": "30" }).end());
  const leaving = new AbortController();
  const { signal } = leaving;
  const limiter = limiterWith({ signal });
  const sending = limiter.wrong({ ...init(url), signal });
  setTimeout(() => leaving.abort(), 100);
  const started = performance.now();
  await expect(sending).rejects.toMatchObject({ code: "INTERRUPTED" });
  expect(performance.now() - started).toBeLessThan(2000);
});

test("a rate limit leaves the remaining checks untestable and the run inconclusive", async () => {
  let refused = 0;
  const { url } = await during(
    startServer([TOKEN.reveal()], {
      refuse(_, response) {
        refused++;
        if (refused <= 1) this.json(response, 401, {}, { "www-authenticate": 'Bearer realm="mcp"' });
        else this.json(response, 429, {}, { "retry-after": "0" });
      },
    }),
  );
  const report = await probeAt(url, { patienceMs: 500 });
  expect(report).toMatchObject({ ok: false, result: "inconclusive", proven: false, grade: null });
  expect(report.hint).toContain("the server allows only about");
  const { status } = report.findings.find(({ id }) => id === "rejects-bogus-key")!;
  expect(status).toBe("untestable");
  expect(report.counts.fail).toBe(0);
});

test("a server that blocks clients after some wrong keys makes the run inconclusive", async () => {
  let wrong = 0;
  const { url } = await during(
    startServer([TOKEN.reveal()], {
      readKey(request) {
        const token = this.tokenOf(request);
        if (!this.knows(token)) wrong++;
        return wrong > 3 || !this.knows(token) ? "wrong" : "valid";
      },
    }),
  );
  const report = await probeAt(url);
  expect(report).toMatchObject({ ok: false, result: "inconclusive", proven: false });
  expect(report.hint).toContain("the server blocked this client after 1 to 5 requests without a valid key");
});

test("a request without an answer times out, and its check is untestable", async () => {
  const { url } = await during(
    startServer([TOKEN.reveal()], {
      refuse: () => undefined,
    }),
  );
  const started = performance.now();
  const report = await probeAt(url, { only: ["requires-key"], timeoutMs: 200 });
  expect(performance.now() - started).toBeLessThan(5000);
  expect(report.findings).toMatchObject([{ id: "requires-key", status: "untestable" }]);
  expect(report).toMatchObject({ ok: false, result: "inconclusive" });
});

function dated(seconds: number): Record<string, string> {
  const date = Date.parse("2026-01-01T00:00:00Z");
  return { date: new Date(date).toUTCString(), "retry-after": new Date(date + seconds * 1000).toUTCString() };
}
