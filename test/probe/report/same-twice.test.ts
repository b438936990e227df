import { expect, test } from "vitest";
import { json } from "../../../src/probe/report/json.ts";
import { startServer } from "../servers/configurable-server.ts";
import { CORRECT_SERVERS } from "../servers/correct.ts";
import { BROKEN_SERVERS } from "../servers/broken.ts";
import { probeAt } from "../servers/probing.ts";
import { SECOND_TOKEN, TOKEN } from "../verify/verifying.ts";

/**
 * Leaves out times: milliseconds, and seconds that a change took. The number of requests too, because where a server limits the rate, the
 * valid key is presented again after each wait.
 */
function withoutTimes(text: string): unknown {
  return JSON.parse(text, (name, value: unknown) => {
    if (name === "ms" || name === "figures" || name === "sent") return undefined;
    return typeof value === "string" ? value.replace(/\d+(?:\.\d+)? s\b/g, "# s") : value;
  });
}

const servers = [
  ...CORRECT_SERVERS.map(({ kind, ...server }) => ({ name: kind, ...server })),
  ...BROKEN_SERVERS.filter((_, i) => i % 12 === 0).map(({ mistake, ...server }) => ({
    name: `that ${mistake}`,
    ...server,
  })),
];

test.concurrent.for(servers.map((server) => [server.name, server] as const))(
  "two reports on a server %s differ in times only",
  { timeout: 60_000 },
  async ([, { start, make, options }]) => {
    const server = await (start?.() ?? startServer([TOKEN.reveal(), SECOND_TOKEN.reveal()], make?.()));
    const reports = [await probeAt(server.url, options), await probeAt(server.url, options)];
    await server.close();
    const [first, second] = reports.map((report) => withoutTimes(json(report)));
    expect(second).toEqual(first);
  },
);
