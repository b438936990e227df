import { describe, expect, onTestFinished, test } from "vitest";
import { createKeys, openStore, type KeyStore } from "../../src/index.ts";
import type { Database } from "../postgres/database.ts";
import { aDatabase, needPostgres } from "../postgres/shared.ts";
import { Ledger } from "./ledger.ts";
import { aProxy, type Fate, type PgMessage, type Proxy } from "./proxy.ts";
import { TORTURE } from "./rounds.ts";

needPostgres();

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

/** The parts of a statement leave in one packet, so all of them arrive or none. */
const from = (n: number, fate: Fate) => {
  let isDone = false;
  return (message: PgMessage): Fate => {
    const isPart = message.from === "client" && /^[BDES]$/.test(message.type);
    if (isDone || message.n < n || isPart) return "pass";
    isDone = true;
    return fate;
  };
};

/** The commit does not arrive, and the question about it hangs while it holds the lock. */
const hangAfterCommit = () => {
  const left = ["commit\0", "change_id = "];
  return ({ from: side, bytes }: PgMessage): Fate => {
    if (side !== "client" || left[0] === undefined || !bytes.includes(left[0])) return "pass";
    return left.shift() === "commit\0" ? "cut" : "swallow";
  };
};

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
    const cases = places.map((n) => ({ title: `message ${String(n)}`, decide: from(n, "swallow") }));
    const times: number[] = [];
    const run = async ({ title, decide }: (typeof cases)[number], schema: string) => {
      const line = await aLine(database, schema);
      const ledger = new Ledger();
      const start = performance.now();
      await writeOnce(line, ledger, "key", decide);
      times.push(performance.now() - start);
      // A read is not tried again, and nothing can be revoked that was not generated.
      expect(["", "STORE_UNAVAILABLE", "STORE_UNAVAILABLE,KEY_NOT_FOUND"]).toContain(ledger.codes.join());
      await writeOnce(line, ledger, "after", () => "pass");
      expect(ledger.codes.length, `${title}: ${ledger.faults.join()}`).toBeLessThanOrEqual(2);
      await ledger.compare(line.direct);
    };
    cases.unshift({ title: "the question about a commit", decide: hangAfterCommit() });
    for (let first = 0; first < cases.length; first += 16) {
      await Promise.all(cases.slice(first, first + 16).map((each, i) => run(each, `s${String(first + i)}`)));
    }
    expect(Math.max(...times)).toBeLessThan(30_000);
    if (TORTURE)
      console.log(`half-open in ${String(cases.length)} places, at most ${Math.max(...times).toFixed(0)} ms`);
  }, 600_000);
});
