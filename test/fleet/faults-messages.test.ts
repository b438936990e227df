import { describe, expect, onTestFinished, test } from "vitest";
import { createKeys, openStore, type KeyStore } from "../../src/index.ts";
import type { Database } from "../postgres/database.ts";
import { aDatabase, needPostgres } from "../postgres/shared.ts";
import { Ledger } from "./ledger.ts";
import { aProxy, type Fate, type PgMessage, type Proxy } from "./proxy.ts";

needPostgres();

const TORTURE = process.env["MCP_KEYS_TORTURE"] === "1";

/** A store, and the way of a writer to it. */
interface Line {
  readonly proxy: Proxy;
  /** Opens the store through the proxy, with new connections. */
  readonly open: () => Promise<KeyStore>;
  /** Connected directly. */
  readonly direct: KeyStore;
}

async function aLine(database: Database, schema: string): Promise<Line> {
  const proxy = await aProxy(database.site.port);
  const openAt = async (port: number) => {
    const url = `${database.urlFor({ port })}?schema=${schema}`;
    const store = await openStore(url, { env: { PGPASSWORD: database.password } });
    onTestFinished(() => store.close());
    return store;
  };
  const direct = await openAt(database.site.port);
  await createKeys({ store: direct }).generate({ name: "first", expiresAt: null });
  return { proxy, open: () => openAt(proxy.port), direct };
}

/** Generates and revokes a key with new connections. Returns how many messages that took. */
async function writeOnce({ proxy, open }: Line, ledger: Ledger, name: string, decide: (message: PgMessage) => Fate) {
  const store = await open();
  let count = 0;
  proxy.onMessage((message) => {
    count = message.n;
    return decide(message);
  });
  const keys = createKeys({ store });
  await ledger.record("generate", name, keys.generate({ name, expiresAt: null }));
  await ledger.record("revoke", name, keys.revoke(name));
  proxy.heal();
  await store.close();
  return count;
}

const at =
  (n: number, fate: Fate) =>
  (message: PgMessage): Fate =>
    message.n === n ? fate : "pass";

describe("a writer loses its connection", () => {
  test("between any two messages, and each change is saved exactly once", async () => {
    const line = await aLine(await aDatabase(), "keys");
    const ledger = new Ledger();
    const count = await writeOnce(line, ledger, "whole", () => "pass");
    expect(count).toBeGreaterThan(40);
    for (let i = 0; i < (TORTURE ? 5 : 1); i++) {
      for (let n = 1; n <= count; n++) await writeOnce(line, ledger, `key-${String(i)}-${String(n)}`, at(n, "cut"));
    }
    expect(ledger.codes).toEqual([]);
    await ledger.compare(line.direct);
    if (TORTURE) console.log(`cut at ${String(count)} messages, ${String(ledger.acknowledged)} changes`);
  }, 600_000);

  test("half-open at any message, and each change is saved exactly once", async () => {
    const database = await aDatabase();
    const whole = await writeOnce(await aLine(database, "whole"), new Ledger(), "whole", () => "pass");
    const places = TORTURE
      ? Array.from({ length: whole }, (_, i) => i + 1)
      : Array.from({ length: 8 }, () => 1 + Math.floor(Math.random() * whole));
    const started = performance.now();
    const times: number[] = [];
    for (let from = 0; from < places.length; from += 16) {
      await Promise.all(
        places.slice(from, from + 16).map(async (n, i) => {
          const line = await aLine(database, `s${String(from + i)}`);
          const ledger = new Ledger();
          const start = performance.now();
          await writeOnce(line, ledger, `key-${String(n)}`, at(n, "swallow"));
          times.push(performance.now() - start);
          // A read is not tried again, and nothing can be revoked that was not generated.
          expect(["", "STORE_UNAVAILABLE", "STORE_UNAVAILABLE,KEY_NOT_FOUND"]).toContain(ledger.codes.join());
          await writeOnce(line, ledger, "after", () => "pass");
          expect(ledger.codes.length, `message ${String(n)}`).toBeLessThanOrEqual(2);
          await ledger.compare(line.direct);
        }),
      );
    }
    expect(Math.max(...times)).toBeLessThan(30_000);
    if (TORTURE)
      console.log(
        `half-open at ${String(places.length)} messages, ${String(Math.round(performance.now() - started))} ms, longest ${String(Math.round(Math.max(...times)))} ms`,
      );
  }, 600_000);
});
