import { expect, test } from "vitest";
import { ServerBehavior, startServer, type Mistake } from "../servers/configurable-server.ts";
import { CORRECT_SERVERS } from "../servers/correct.ts";
import { probeAt } from "../servers/probing.ts";
import { during, SECOND_TOKEN, TOKEN } from "../verify/verifying.ts";

const KEYS = [TOKEN.reveal(), SECOND_TOKEN.reveal()];
/** The most requests of a run against a correct stateless server. */
const MOST_REQUESTS = 160;

const STATELESS: [string, Mistake][] = [
  ["both eras", {}],
  ["the modern era", { eras: "modern" }],
  ["the legacy era", { eras: "legacy" }],
];

// One after the other, because the time counts.
test.each(STATELESS.flatMap(([eras, mistake]) => [20, 200].map((rate) => [eras, rate, mistake] as const)))(
  "a correct stateless server that speaks %s is tested in time at %d requests a second",
  async (eras, rate, mistake) => {
    const { url } = await during(startServer([...KEYS], mistake));
    const started = performance.now();
    const { sent, grade } = await probeAt(url, { rate, tool: "add" });
    const seconds = (performance.now() - started) / 1000;
    console.log(`${eras} at ${rate} a second: ${sent.requests} requests, ${sent.wrong} wrong, ${seconds.toFixed(1)} s`);
    expect(grade).toBe("A+");
    expect(sent.requests).toBeLessThanOrEqual(MOST_REQUESTS);
    // 8 and 2 seconds on a quiet machine.
    expect(seconds).toBeLessThan(rate === 20 ? 16 : 8);
  },
  20_000,
);

test("a server that takes its time for each answer is tested whole", { timeout: 60_000 }, async () => {
  const latency = 100;
  const { url } = await during(
    startServer([...KEYS], {
      async handle(request, response) {
        await new Promise((resolve) => setTimeout(resolve, latency));
        return ServerBehavior.prototype.handle.call(this, request, response);
      },
    }),
  );
  const started = performance.now();
  expect(await probeAt(url)).toMatchObject({ result: "protected", grade: "A+" });
  // Checks wait for each other, but not their requests: a server that takes two seconds takes three minutes at most.
  expect((performance.now() - started) / latency).toBeLessThan(90 + 60);
});

test("prints what a run against each correct server sends", { timeout: 120_000 }, async () => {
  const lines = await Promise.all(
    CORRECT_SERVERS.map(async ({ kind, start, make, options }) => {
      const server = await (start?.() ?? startServer([...KEYS], make?.()));
      const started = performance.now();
      const { sent } = await probeAt(server.url, { ...options, rate: 20 });
      await server.close();
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      return `${String(sent.requests).padStart(4)} requests ${seconds.padStart(5)} s  a server ${kind}`;
    }),
  );
  console.log(lines.join("\n"));
  expect(lines).toHaveLength(CORRECT_SERVERS.length);
});
