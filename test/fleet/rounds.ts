import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished } from "vitest";
import { createKeys, waitForServers, type Keys, type KeyStore } from "../../src/index.ts";
import { startFollower, type FollowerProcess } from "./fleet.ts";
import { Ledger } from "./ledger.ts";

export const TORTURE = process.env["MCP_KEYS_TORTURE"] === "1";

/** How often a fault takes place: a few times, or at least 50 times with all counts. */
export const roundsOf = (few: number): number => (TORTURE ? 50 : few);

/** Milliseconds in which everything recovers by itself. */
const PATIENCE = 30_000;

interface FleetOptions {
  readonly program: string;
  readonly spec: string;
  readonly env?: Readonly<Record<string, string>>;
  /** For the writer. */
  readonly store: KeyStore;
  /** Seconds. */
  readonly maxStaleness?: number;
  readonly now?: () => number;
}

/** Servers in processes, and a writer that generates and revokes keys. */
export class Fleet {
  readonly ledger = new Ledger();
  readonly servers: FollowerProcess[] = [];
  readonly store: KeyStore;
  /** The longest time until a revocation was confirmed, and until every server knew of a new key, in milliseconds. */
  readonly longest = { confirmed: 0, accepted: 0 };
  readonly #options: FleetOptions;
  readonly #keys: Keys;
  readonly #confirmed = new Map<string, bigint>();
  #issued = 0;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.store = options.store;
    this.#keys = createKeys({ store: options.store, ...(options.now !== undefined && { now: options.now }) });
  }

  /**
   * Starts a server. It ends with the test.
   * @param way - its own way to the store
   */
  async join(name: string, way?: string): Promise<FollowerProcess> {
    const { program, spec: common, env = {}, maxStaleness = 3 } = this.#options;
    const spec = way ?? common;
    const server = await startFollower(program, spec, name, { env, everyMs: 2, maxStaleness });
    onTestFinished(() => server.kill("SIGKILL"));
    this.servers.push(server);
    return server;
  }

  /** Kills a server. */
  kill(server: FollowerProcess): void {
    server.kill("SIGKILL");
    this.servers.splice(this.servers.indexOf(server), 1);
  }

  /** Generates a key, and returns its name and token once every server accepts it. */
  async issue(): Promise<{ name: string; token: string }> {
    const name = `key-${String(++this.#issued)}`;
    const start = performance.now();
    const made = await this.ledger.record("generate", name, this.#keys.generate({ name, expiresAt: null }));
    if (made === null) throw new Error(`not generated: ${this.ledger.codes.join()}`);
    const token = made.token.reveal();
    for (const each of this.servers) each.watch(token);
    await this.until(token, "accepted");
    this.longest.accepted = Math.max(this.longest.accepted, performance.now() - start);
    return { name, token };
  }

  /** Revokes a key, and waits until every server has confirmed. Tries again while the store does not answer, as a person does. */
  async revoke({ name, token }: { name: string; token: string }): Promise<void> {
    const start = performance.now();
    for (;;) {
      const change = await this.ledger.record("revoke", name, this.#keys.revoke(name));
      if (change !== null) return this.confirm(token, change.position, start);
      if (performance.now() - start > PATIENCE) throw new Error(`not revoked: ${this.ledger.codes.join()}`);
      await sleep(100);
    }
  }

  async confirm(token: string, position: { epoch: string; seq: number }, start = performance.now()): Promise<void> {
    const { lagging } = await waitForServers(this.store, position, { timeout: PATIENCE });
    this.#confirmed.set(token, process.hrtime.bigint());
    this.longest.confirmed = Math.max(this.longest.confirmed, performance.now() - start);
    expect(lagging).toEqual([]);
  }

  /** Waits until every server gives this answer, or one of several: `a or b`. */
  async until(token: string, answer: string, servers: readonly FollowerProcess[] = this.servers): Promise<void> {
    const start = performance.now();
    for (;;) {
      const reports = await Promise.all(servers.map((each) => each.report()));
      const answers = reports.map((each) => each.get(token)?.last);
      if (answers.every((each) => answer.split(" or ").includes(each ?? ""))) return;
      if (performance.now() - start > PATIENCE) expect(answers).toEqual(answers.map(() => answer));
      await sleep(20);
    }
  }

  /** No server accepted a token after its revocation was confirmed, and nothing was lost. */
  async check(direct: KeyStore = this.store): Promise<void> {
    const reports = await Promise.all(this.servers.map((each) => each.report()));
    const late = reports.flatMap((report, i) =>
      [...this.#confirmed].flatMap(([token, at]) => {
        const accepted = report.get(token)?.accepted ?? null;
        const after = accepted === null ? 0n : BigInt(accepted) - at;
        return after > 0n ? [`${this.servers[i]!.name}: ${String(Number(after) / 1e6)} ms after`] : [];
      }),
    );
    expect(late).toEqual([]);
    await this.ledger.compare(direct);
  }

  print(title: string, rounds: number): void {
    if (!TORTURE) return;
    const { confirmed, accepted } = this.longest;
    console.log(
      `${title}: ${String(rounds)} rounds, ${String(this.ledger.acknowledged)} changes; ` +
        `confirmed after at most ${confirmed.toFixed(0)} ms, accepted after at most ${accepted.toFixed(0)} ms`,
    );
  }
}
