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

/** Sends that many without the right key and reads each answer to its end. */
function sendWrong(limiter: RateLimiter, url: string, count: number): Promise<PromiseSettledResult<number>[]> {
  const sending = Array.from({ length: count }, async () => {
    const response = await limiter.wrong(init(url));
    response.close();
    return response.status;
  });
  return Promise.allSettled(sending);
}

/** A server that answers the nth request as told, and notes when each came. */
async function startCounting(answer: (response: ServerResponse, n: number, request: IncomingMessage) => void) {
  const came: number[] = [];
  const running = await during(
    listen((request, response) => {
      came.push(performance.now());
      answer(response, came.length, request);
    }),
  );
  return { ...running, came };
}

test("requests without the right key keep to the rate, after as many at once as go out in a second", async () => {
  const { url, came } = await startCounting((response) => response.end());
  const started = performance.now();
  await sendWrong(limiterWith({ rate: 10 }), url, 15);
  expect(came).toHaveLength(15);
  // Ten at once, and the fifteenth half a second after.
  const spent = Math.max(...came) - started;
  expect(spent).toBeGreaterThanOrEqual(490);
  expect(spent).toBeLessThan(3000);
  const earlier = came.map((at) => at - started).filter((at) => at < 95);
  expect(earlier.length).toBeLessThanOrEqual(10);
});

test("requests with the right key are not slowed down", async () => {
  const { url, came } = await startCounting((response) => response.end());
  const limiter = limiterWith({ rate: 1 });
  const started = performance.now();
  await Promise.all(Array.from({ length: 8 }, async () => (await limiter.right(init(url))).close()));
  expect(performance.now() - started).toBeLessThan(900);
  expect(came).toHaveLength(8);
  expect(limiter.sent).toEqual({ requests: 8, wrong: 0 });
});

test("no more requests are under way than it is told, and all are answered", async () => {
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

test.each([
  ["as seconds", { "retry-after": "1" }, 1000],
  ["as a date, by the clock of the server", dated(1), 1000],
  ["without a time", {}, 1000],
  ["as nonsense", { "retry-after": "soon" }, 1000],
])("a 429 %s is waited out once, and asked again", async (_, headers, least) => {
  const { url, came } = await startCounting((response, n) => response.writeHead(n <= 2 ? 429 : 200, headers).end());
  const limiter = limiterWith({ concurrency: 2 });
  const answers = await sendWrong(limiter, url, 4);
  expect(answers).toEqual(Array.from({ length: 4 }, () => ({ status: "fulfilled", value: 200 })));
  // Two met the limit side by side, which is one limit; nothing went out until it was over.
  expect(came).toHaveLength(6);
  expect(came[2]! - came[1]!).toBeGreaterThanOrEqual(least - 50);
  expect(limiter.stopped).toBeNull();
});

test("a second 429 stops everything: nothing is sent any more", async () => {
  const { url, came } = await startCounting((response, n) =>
    response.writeHead(n === 1 || n > 3 ? 429 : 200, { "retry-after": "0" }).end(),
  );
  const limiter = limiterWith({ concurrency: 1 });
  const answers = await sendWrong(limiter, url, 10);
  expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(2);
  const refused = answers.flatMap((answer) => (answer.status === "rejected" ? [answer.reason as unknown] : []));
  for (const reason of refused) expect(reason).toMatchObject({ code: "SERVER_UNREACHABLE" });
  expect(came).toHaveLength(4);
  expect(limiter.stopped).toContain("429");
  await expect(limiter.right(init(url))).rejects.toMatchObject({ code: "SERVER_UNREACHABLE" });
  expect(came).toHaveLength(4);
});

test.each([
  ["seconds", { "retry-after": "3600" }],
  ["date", dated(3600)],
])("a limit for longer than a minute stops at once, given as %s", async (_, headers) => {
  const { url, came } = await startCounting((response) => response.writeHead(429, headers).end());
  const limiter = limiterWith();
  const started = performance.now();
  const answers = await sendWrong(limiter, url, 20);
  expect(performance.now() - started).toBeLessThan(2000);
  expect(answers.every(({ status }) => status === "rejected")).toBe(true);
  expect(came.length).toBeLessThanOrEqual(6);
  expect(limiter.stopped).toContain("longer than a minute");
});

test("who leaves does not wait for a limit to end", async () => {
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

test("at a server that limits the rate what was not asked is untestable, and nothing is proven", async () => {
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
  const report = await probeAt(url);
  expect(report).toMatchObject({ ok: false, result: "unproven", proven: false, grade: null });
  expect(report.hint).toContain("429");
  const { status } = report.findings.find(({ id }) => id === "rejects-bogus-key")!;
  expect(status).toBe("untestable");
  expect(report.counts.fail).toBe(0);
});

test("a server that shuts everybody out after some wrong keys proves nothing by its refusals", async () => {
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
  expect(report).toMatchObject({ ok: false, result: "unproven", proven: false });
  expect(report.hint).toContain("not at the end");
});

test("a request that is not answered ends in its time, and what asked it is untestable", async () => {
  const { url } = await during(
    startServer([TOKEN.reveal()], {
      refuse: () => undefined,
    }),
  );
  const started = performance.now();
  const report = await probeAt(url, { only: ["requires-key"], timeoutMs: 200 });
  expect(performance.now() - started).toBeLessThan(5000);
  expect(report.findings).toMatchObject([{ id: "requires-key", status: "untestable" }]);
  expect(report).toMatchObject({ ok: false, result: "unproven" });
});

function dated(seconds: number): Record<string, string> {
  const date = Date.parse("2026-01-01T00:00:00Z");
  return { date: new Date(date).toUTCString(), "retry-after": new Date(date + seconds * 1000).toUTCString() };
}
