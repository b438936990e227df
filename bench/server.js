/**
 * A guard in front of a handler that answers `ok`, against no guard and the SDK's `requireBearerAuth`. Goals: 0.95 of no
 * guard's requests a second on Express, 0.85 on bare node:http and Fastify, ahead of the SDK's where that checks the key as
 * well, the same at 1 key and at 100,000. Beside them stands a middleware that does nothing, which no guard can be ahead of.
 * Requests per second of the server's own processor time, which other load on the machine disturbs less than those of the
 * clock. By `wrk` where it is installed, the server on a core of its own; else by a slower client of ours, which a fast server waits for.
 */
import { interleave, median, printTable } from "./figures.js";
import { createLoad } from "./load.js";
import { EMPTY, NONE, OURS, SAYS_YES, SDKS, start } from "./serve.js";

const ROUNDS = Number(process.env.ROUNDS ?? 9);
/** Of each server so many run at once: what the compiler makes of the same code differs by a tenth from one process to the next. */
const STARTS = Number(process.env.STARTS ?? 3);
const WARM_UP_ROUNDS = 2;
const GOALS = { "node:http": ">= 0.85", Express: ">= 0.95", Fastify: ">= 0.85" };
const CASES = {
  "node:http": [NONE, EMPTY, ...OURS],
  Express: [NONE, EMPTY, ...OURS, SAYS_YES, ...SDKS],
  Fastify: [NONE, EMPTY, ...OURS],
};

/** The servers of one framework: the round of each beside the same round of what has no guard. */
async function compare(servers) {
  const load = await createLoad(servers.map(({ child }) => child.pid));
  const cases = servers.map(({ child, port, token, ask }) => ({
    name: child.pid,
    async run() {
      const before = await ask();
      const { requests, seconds } = await load.run(port, token);
      const after = await ask();
      return { cpu: requests / ((after - before) / 1e6), clock: requests / seconds };
    },
  }));
  for (const { run } of cases) for (let i = 0; i < WARM_UP_ROUNDS; i++) await run();
  const series = await interleave(cases, ROUNDS);
  const seriesOf = (guard) =>
    servers.filter((server) => server.guard === guard).map(({ child }) => series.get(child.pid));
  /** What the processes of one guard did in each round, in the middle. */
  const roundsOf = (guard, by) => {
    const all = seriesOf(guard);
    return Array.from({ length: ROUNDS }, (_, round) => median(all.map((one) => one[round][by])));
  };
  const ratio = (guard, by) => {
    const none = roundsOf(NONE, by);
    return median(roundsOf(guard, by).map((each, round) => each / none[round])).toFixed(2);
  };
  const best = (guard) => Math.max(...seriesOf(guard).flatMap((one) => one.map(({ cpu }) => cpu)));
  printTable(
    `Requests, one interleaved run of ${ROUNDS} rounds of ${load.name}; ${STARTS} processes of each`,
    ["server", "a second of CPU", "times no guard", "best by best", "of the clock", "goal"],
    [...new Set(servers.map(({ guard }) => guard))].map((guard) => {
      const { framework } = servers[0];
      const goal = OURS.includes(guard) ? GOALS[framework] : SDKS.includes(guard) ? "behind ours" : "";
      return [
        ...[`${framework}, ${guard}`, Math.round(median(roundsOf(guard, "cpu"))), ratio(guard, "cpu")],
        ...[(best(guard) / best(NONE)).toFixed(2), ratio(guard, "clock"), goal],
      ];
    }),
  );
}

for (const [framework, guards] of Object.entries(CASES)) {
  const servers = [];
  for (const guard of guards) {
    for (let i = 0; i < STARTS; i++) servers.push(await start(framework, guard));
  }
  const there = servers.filter(({ port }) => port !== undefined);
  if (there.length > 0) await compare(there);
  for (const { child } of servers) child.disconnect();
}
