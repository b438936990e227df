/**
 * Compares a server with our guard to the same server without a guard, with an empty middleware, with our guard that keeps open
 * streams, and with the SDK's `requireBearerAuth`. The handler answers `ok`. Goals, relative to the requests per second without a
 * guard: 0.95 on Express, 0.90 on node:http and Hono, 0.88 on Fastify; at most 2 % less than with open streams kept; faster than the SDK's
 * middleware if that checks the key too; the same for 1 key and 100,000.
 *
 * Counts requests per second of the server's CPU time, which other load on the machine disturbs less than wall-clock time.
 * Uses `wrk` if it is installed, with the server on its own core; else a slower client of ours, which limits a fast server.
 */
import { interleave, median, printTable } from "./figures.js";
import { createLoad, HTTP2 } from "./load.js";
import { row } from "./rows.js";
import { EMPTY, KEPT, NONE, OURS, SAYS_YES, SDKS, start } from "./serve.js";

/** Processes per server. The compiled code of the same server differs by a tenth in speed from one process to the next. */
const STARTS = Number(process.env.STARTS ?? 3);
const WARM_UP_ROUNDS = 1;
const [ONE_KEY] = OURS;
const [SDK_MAP] = SDKS;
const GOALS = { "node:http": ">= 0.90", Express: ">= 0.95", Fastify: ">= 0.88", Hono: ">= 0.90" };
/** For the one table. */
const SHORT = {
  "node:http": [NONE, ONE_KEY],
  Express: [NONE, ONE_KEY, ...SDKS],
  Fastify: [NONE, ONE_KEY],
  Hono: [NONE, ONE_KEY],
  [HTTP2]: [NONE, ONE_KEY],
};
const LONG = {
  "node:http": [NONE, EMPTY, ...OURS, KEPT],
  Express: [NONE, EMPTY, ...OURS, KEPT, SAYS_YES, ...SDKS],
  Fastify: [NONE, EMPTY, ...OURS, KEPT],
  Hono: [NONE, EMPTY, ...OURS, KEPT],
  [HTTP2]: [NONE, EMPTY, ...OURS, KEPT],
};

/** Compares the servers of one framework, each round with the same round of the server without a guard. */
async function compare(servers, rounds, long) {
  const [{ framework }] = servers;
  const load = await createLoad(
    servers.map(({ child }) => child.pid),
    framework,
  );
  const cases = servers.map(({ child, port, token, ask }) => ({
    name: child.pid,
    async run() {
      const before = await ask();
      const { requests, seconds } = await load.run(port, token, framework);
      const after = await ask();
      return { cpu: requests / ((after - before) / 1e6), clock: requests / seconds };
    },
  }));
  for (const { run } of cases) for (let i = 0; i < WARM_UP_ROUNDS; i++) await run();
  const series = await interleave(cases, rounds);
  const seriesOf = (guard) =>
    servers.filter((server) => server.guard === guard).map(({ child }) => series.get(child.pid));
  /** The median of a guard's processes in each round. */
  const roundsOf = (guard, by) => {
    const all = seriesOf(guard);
    return Array.from({ length: rounds }, (_, round) => median(all.map((one) => one[round][by])));
  };
  const ratio = (guard, by) => {
    const none = roundsOf(NONE, by);
    return median(roundsOf(guard, by).map((each, round) => each / none[round])).toFixed(2);
  };
  const best = (guard) => Math.max(...seriesOf(guard).flatMap((one) => one.map(({ cpu }) => cpu)));
  if (long) print({ framework, guards: servers.map(({ guard }) => guard), rounds, load, roundsOf, ratio, best });
  const has = (guard) => servers.some((server) => server.guard === guard);
  const against = (what, peer, goal) => {
    const [ours, theirs] = [best(ONE_KEY), best(peer)];
    return row({ what, peer: theirs, ours, unit: "requests", ratio: ours / theirs, goal });
  };
  return [
    against(`${framework}, a CPU second with the guard; peer: without`, NONE, GOALS[framework]),
    ...(has(SDK_MAP)
      ? [against("Express, a CPU second with the guard; peer: SDK's requireBearerAuth with a Map", SDK_MAP, ">= 1")]
      : []),
  ];
}

function print({ framework, guards, rounds, load, roundsOf, ratio, best }) {
  printTable(
    `Requests: ${rounds} interleaved rounds of ${load.name}, ${STARTS} processes per server`,
    ["server", "per CPU second", "vs no guard", "best vs best", "wall clock", "goal"],
    [...new Set(guards)].map((guard) => {
      const goal = OURS.includes(guard) ? (GOALS[framework] ?? "") : SDKS.includes(guard) ? "slower than ours" : "";
      return [
        ...[`${framework}, ${guard}`, Math.round(median(roundsOf(guard, "cpu"))), ratio(guard, "cpu")],
        ...[(best(guard) / best(NONE)).toFixed(2), ratio(guard, "clock"), goal],
      ];
    }),
  );
}

export async function rows({ long, rounds = long ? 9 : 3 }) {
  const result = [];
  for (const [framework, guards] of Object.entries(long ? LONG : SHORT)) {
    const servers = [];
    for (const guard of guards) {
      for (let i = 0; i < STARTS; i++) servers.push(await start(framework, guard));
    }
    const started = servers.filter(({ port }) => port !== undefined);
    if (started.length > 0) result.push(...(await compare(started, rounds, long)));
    for (const { child } of servers) child.disconnect();
  }
  return result;
}
