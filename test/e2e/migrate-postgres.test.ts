import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { openStore } from "../../src/stores/index.ts";
import { startPostgres } from "../postgres/cluster.ts";
import { createDatabase } from "../postgres/database.ts";
import { needPostgres } from "../postgres/shared.ts";
import { aDraft, aWorld, changesOf, keyNo, TORTURE } from "../stores/place.ts";
import { BIN, createProcesses, runProcess } from "./process.ts";

needPostgres();

const ROUNDS = TORTURE ? 50 : 2;

test(
  "moves to PostgreSQL and back lose nothing if the command or the database is killed at any time",
  async () => {
    const cluster = await startPostgres();
    onTestFinished(() => cluster.remove());
    const killed = { command: 0, database: 0 };
    for (let round = 0; round < ROUNDS; round++) {
      const database = await createDatabase(cluster);
      const { dir, env } = createProcesses();
      const world = aWorld(null, { PGPASSWORD: database.password });
      const [old, back] = ["old", "back"].map((name) => `file:${join(dir, name, "keys.jsonl")}`) as [string, string];
      const source = await openStore(old, world);
      const history = Array.from({ length: 300 }, (_, n) => ({
        ...{ seq: n + 1, ...aDraft([{ ...keyNo(n), revision: 1 }], { at: 1_000 + n }) },
      }));
      await source.adopt?.(history);
      await source.touch([{ id: keyNo(7).id, n: 1, at: 5_000, server: "web-1" }]);
      const usage = await source.usage();
      await source.close();

      const historyOf = async (spec: string) => {
        const store = await openStore(spec, world);
        const changes = await changesOf(store).finally(() => store.close());
        return changes;
      };
      const withPassword = { ...env, PGPASSWORD: database.password };
      const before = await historyOf(old);
      for (const [leg, [from, to]] of [
        [old, database.url],
        [database.url, back],
      ].entries() as ArrayIterator<[number, [string, string]]>) {
        const args = [BIN, "store", "migrate", "--from", from, "--to", to, "--delete-source", "--yes"];
        const child = spawn(process.execPath, args, { env: withPassword, stdio: "ignore" });
        const ended = new Promise<unknown>((resolve) => child.on("exit", (_, signal) => resolve(signal)));
        await Promise.race([ended, sleep(150 + ((round * 131 + leg * 53) % 500))]);
        if ((round + leg) % 2 === 0) {
          if (child.exitCode === null) killed.command++;
          child.kill("SIGKILL");
          await ended;
        } else {
          if (child.exitCode === null) killed.database++;
          await cluster.kill9();
          await cluster.restart();
          await ended;
        }
        const again = await runProcess(process.execPath, args, { env: withPassword });
        expect(again, `round ${String(round)}, leg ${String(leg)}`).toMatchObject({ status: 0 });
        expect(await historyOf(to)).toEqual(before);
        const copy = await openStore(to, world);
        expect(await copy.usage().finally(() => copy.close()), `round ${String(round)}, leg ${String(leg)}`).toEqual(
          usage,
        );
      }
      expect(existsSync(join(dir, "old", "keys.jsonl"))).toBe(false);
      const client = await database.connect();
      expect((await client.query("select to_regclass('mcp_keys.head') as head")).rows).toEqual([{ head: null }]);
      await client.end();
    }
    expect(killed.command + killed.database).toBeGreaterThan(0);
  },
  TORTURE ? 600_000 : 120_000,
);
