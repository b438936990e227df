import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RUNS } from "../../arbitraries.ts";
import {
  DEFAULT_LIMIT_PATIENCE_MS,
  RateLimiter,
  type RateLimiterOptions,
} from "../../../src/probe/mcp/rate-limiter.ts";

import { modelServer, type LimitingServer } from "./limiting-server.ts";
import { VirtualTime } from "./virtual-time.ts";

const DAY = 86_400_000;
const TWELVE_A_MINUTE: LimitingServer = {
  allowed: 12,
  windowMs: 60_000,
  kind: "fixed",
  says: "retry-after",
  latencyMs: 20,
};

/** Sends `count` requests in batches of six, as checks do, on a clock that takes no time. */
async function sendAll(server: LimitingServer, count = 120, more: Partial<RateLimiterOptions> = {}) {
  const time = new VirtualTime();
  const { request, answers } = modelServer(server, time);
  const limiter = new RateLimiter({ ...time, request, rate: 20, concurrency: 6, patienceMs: DAY, ...more });
  const statuses: number[] = [];
  const sending = (async () => {
    for (let sent = 0; sent < count; sent += 6) {
      const batch = Array.from({ length: Math.min(6, count - sent) }, () =>
        limiter.wrong({ url: new URL("http://server"), method: "POST", headers: {}, timeoutMs: 1000 }),
      );
      statuses.push(...(await Promise.all(batch)).map(({ status }) => status));
    }
  })();
  const fault = await time.run(
    sending.then(
      () => null,
      (error: unknown) => error,
    ),
  );
  return { limiter, answers, statuses, fault, seconds: time.now() / 1000 };
}

test("a run ends on any server that limits the rate, meets the limit a few times only, and shows no check a 429", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        allowed: fc.integer({ min: 1, max: 60 }),
        windowMs: fc.integer({ min: 500, max: 120_000 }),
        kind: fc.constantFrom("fixed", "sliding", "bucket"),
        says: fc.constantFrom("retry-after", "remaining", "nothing"),
        latencyMs: fc.integer({ min: 1, max: 400 }),
      }),
      async (server) => {
        const { limiter, answers, statuses, seconds } = await sendAll(server);
        expect(statuses).toEqual(Array(120).fill(401));
        expect(limiter.stopped).toBeNull();
        expect(answers.limited).toBeLessThanOrEqual(20);
        const least = (120 / server.allowed) * (server.windowMs / 1000);
        expect(seconds).toBeLessThanOrEqual(60 + 10 * least);
      },
    ),
    { numRuns: RUNS.some },
  );
});

describe("a server that allows twelve requests a minute", () => {
  test("is met with 429 once or twice, and takes hardly longer than it must", async () => {
    const { answers, statuses, seconds } = await sendAll(TWELVE_A_MINUTE);
    expect(statuses).toHaveLength(120);
    expect(answers.limited).toBeLessThanOrEqual(7);
    expect(seconds).toBeLessThan(900);
  });

  test("never answers 429 at --rate 12/m, and the wait costs no patience", async () => {
    const { answers, statuses, limiter } = await sendAll(TWELVE_A_MINUTE, 60, { rate: 0.2, patienceMs: 0 });
    expect(statuses).toHaveLength(60);
    expect(answers.limited).toBe(0);
    expect(limiter.stopped).toBeNull();
  });

  test("ends the run after a minute of patience, with the rate that it allows", async () => {
    const { limiter, fault, statuses, seconds } = await sendAll(TWELVE_A_MINUTE, 60, { patienceMs: undefined });
    expect(DEFAULT_LIMIT_PATIENCE_MS).toBe(60_000);
    expect(fault).toMatchObject({ code: "SERVER_UNREACHABLE" });
    expect(statuses).toHaveLength(12);
    expect(seconds).toBeLessThan(70);
    expect(limiter.stopped?.reason).toMatch(/^the server allows only about 1[0-2] requests a minute$/);
    expect(limiter.stopped?.rate).toBeCloseTo(0.2, 1);
  });

  test("is never met with 429 if it announces what is left", async () => {
    const { answers } = await sendAll({ ...TWELVE_A_MINUTE, says: "remaining" });
    expect(answers.limited).toBe(0);
  });
});

test("the rate recovers slowly, but not to the rate that was too much", async () => {
  const time = new VirtualTime();
  let count = 0;
  const request = modelServer({ ...TWELVE_A_MINUTE, allowed: 1_000_000 }, time).request;
  const limited = modelServer({ ...TWELVE_A_MINUTE, allowed: 0, says: "nothing" }, time).request;
  const limiter = new RateLimiter({
    ...{ now: time.now, sleep: time.sleep, rate: 20, concurrency: 1, patienceMs: DAY },
    request: (init) => (++count === 50 ? limited(init) : request(init)),
  });
  const send = async (times: number): Promise<number> => {
    for (let i = 0; i < times; i++) {
      await limiter.wrong({ url: new URL("http://server"), method: "POST", headers: {}, timeoutMs: 1000 });
    }
    return limiter.rate;
  };
  const rates = await time.run((async () => [await send(49), await send(2), await send(30), await send(200)])());
  expect(rates[0]).toBe(20);
  expect(rates[1]).toBeLessThanOrEqual(10);
  expect(rates[2]).toBeGreaterThan(rates[1]!);
  expect(rates[3]).toBeLessThanOrEqual(16);
});
