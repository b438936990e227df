import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import type { KeyStore } from "../../../src/stores/store.ts";
import { aDraft, keyNo } from "../place.ts";
import { aNetwork } from "./proxy.ts";
import { shelves, type Shelf } from "./place.ts";

/** Watches a store, and counts. */
async function watching(store: KeyStore) {
  const lines: string[] = [];
  let wakes = 0;
  const stop = await store.watch(
    () => wakes++,
    (line) => lines.push(line),
  );
  onTestFinished(stop);
  return {
    lines,
    stop,
    /** Waits for the next wake-up. Returns how many milliseconds that took. */
    async next(limit = 10_000): Promise<number> {
      const [before, start] = [wakes, performance.now()];
      while (wakes === before) {
        if (performance.now() - start > limit) throw new Error("nothing woke the watcher");
        await sleep(2);
      }
      return performance.now() - start;
    },
  };
}

const listeners =
  "from pg_stat_activity where datname = current_database() and (query like 'select count(*)::text%pg_listening_channels%' or query like 'listen mcp_keys_%')";

async function untilListening({ query }: Shelf, pids: readonly unknown[] = []): Promise<number> {
  for (let look = 0; look < 400; look++) {
    const found = await query(`select pid ${listeners} and state = 'idle'`);
    const pid = found.map((row) => row["pid"]).find((each) => !pids.includes(each));
    if (typeof pid === "number") return pid;
    await sleep(25);
  }
  throw new Error("no connection listens");
}

describe("directly", () => {
  const aShelf = shelves();

  test("wakes a watcher within milliseconds of a change, and not for a use", async () => {
    const shelf = await aShelf();
    const [writer, reader] = [await shelf.open(), await shelf.open()];
    await writer.write(aDraft([keyNo(1)]));
    const { next, lines } = await watching(reader);
    await untilListening(shelf);
    await sleep(1_200);
    const times = [];
    for (let n = 2; n < 12; n++) {
      const woken = next();
      await writer.write(aDraft([keyNo(n)]));
      times.push(await woken);
    }
    // Polling alone would take half a second on average.
    expect(times.sort((a, b) => a - b)[5]).toBeLessThan(250);
    // The next poll sees the new position, too.
    await sleep(1_200);
    await writer.touch([{ id: keyNo(1).id, n: 1, at: 500 }]);
    await expect(next(1_500)).rejects.toThrow("nothing woke");
    expect(lines).toEqual([]);
  });

  test("listens again after its connection was ended, and wakes for what it may have missed", async () => {
    const shelf = await aShelf();
    const [writer, reader] = [await shelf.open(), await shelf.open()];
    await writer.write(aDraft([keyNo(1)]));
    const { next, lines } = await watching(reader);
    const pid = await untilListening(shelf);
    const woken = next();
    await shelf.query("select pg_terminate_backend($1)", [pid]);
    await woken;
    await untilListening(shelf, [pid]);
    expect(lines).toEqual([]);
  });

  test("finds changes by polling while the network swallows everything on the listening connection", async () => {
    const shelf = await aShelf();
    const network = await aNetwork(shelf.database.site.port);
    const [writer, reader] = [await shelf.open(), await shelf.open("", network.port)];
    await writer.write(aDraft([keyNo(1)]));
    network.decide = (sent) => (sent.includes("listen mcp_keys_") ? "mute" : "pass");
    const { next } = await watching(reader);
    await sleep(1_500);
    const woken = next();
    await writer.write(aDraft([keyNo(2)]));
    expect(await woken).toBeLessThan(3_000);
  });

  test("only polls with listen=off", async () => {
    const shelf = await aShelf();
    const [writer, reader] = [await shelf.open(), await shelf.open("&listen=off")];
    await writer.write(aDraft([keyNo(1)]));
    const { next, stop } = await watching(reader);
    await sleep(1_200);
    const woken = next();
    await writer.write(aDraft([keyNo(2)]));
    expect(await woken).toBeLessThan(3_000);
    expect(await shelf.query(`select 1 ${listeners}`)).toEqual([]);
    stop();
    stop();
  });
});

describe("through PgBouncer", () => {
  const aShelf = shelves({ pgBouncer: true });

  test("polls, and says once why", async () => {
    const shelf = await aShelf();
    const [writer, reader] = [await shelf.open(), await shelf.open()];
    await writer.write(aDraft([keyNo(1)]));
    const { next, lines } = await watching(reader);
    await sleep(1_500);
    const woken = next();
    await writer.write(aDraft([keyNo(2)]));
    expect(await woken).toBeLessThan(3_000);
    expect(lines).toEqual([expect.stringContaining("there is a connection pooler in between")]);
  });
});
