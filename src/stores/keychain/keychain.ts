import { randomInt } from "node:crypto";
import type { StoreWorld } from "../store.ts";
import { Mutex } from "../mutex.ts";
import { Child, expectOk } from "./child.ts";
import { explain, isPassing, isSign, KeychainFault } from "./fault.ts";
import { thisHost } from "./host.ts";
import type { Item, KeychainEngine, Reply, Request } from "./protocol.ts";
import type { Turn } from "./queue/queue.ts";
import { Wait } from "./queue/wait.ts";

/** Up to so many items one by one; from there on a search for all of them is cheaper. */
const FEW = 4;
const ATTEMPTS = 6;
const PAUSE_MS = 200;

type Answer = Extract<Reply, { ok: true }>;
type Ask = (request: Request) => Promise<Answer>;

/**
 * The items of one service in the keychain. Everything throws `STORE_LOCKED` or `STORE_UNAVAILABLE` with the mend for this
 * machine, and in time: 3 seconds, or 60 where somebody is there to answer a prompt. What is said to be absent is absent.
 */
export class Keychain {
  readonly #engine: KeychainEngine;
  readonly #service: string;
  readonly #world: StoreWorld;
  readonly #mutex = new Mutex();
  #child: Child | null = null;
  readonly #ending = new AbortController();
  #lastTurn: Turn | undefined;

  constructor(engine: KeychainEngine, service: string, world: StoreWorld) {
    this.#engine = engine;
    this.#service = service;
    this.#world = world;
  }

  /** Writes an item and reads it back. */
  set({ account, value }: Item): Promise<void> {
    return this.#take(async (ask) => {
      await ask({ op: "set", service: this.#service, account, value });
    });
  }

  /** Nothing when it is not there. */
  remove(account: string): Promise<void> {
    return this.#take(async (ask) => {
      const { removed = false } = await ask({ op: "remove", service: this.#service, account });
      // A locked keyring may say so as well, see `#get`.
      if (!removed) await ask({ op: "probe", service: this.#service });
    });
  }

  /** The values of these items, by account; without those that are not there. */
  read(accounts: readonly string[]): Promise<Map<string, string>> {
    return this.#take(async (ask) => {
      const all = accounts.length > FEW ? await this.#find(ask) : [];
      const values = new Map(all.map(({ account, value }) => [account, value]));
      for (const account of accounts) {
        if (values.has(account)) continue;
        const value = await this.#get(account, ask);
        if (value !== null) values.set(account, value);
      }
      return values;
    });
  }

  /** The accounts of all items, after a round trip that proves them to be all. */
  accounts(): Promise<string[]> {
    return this.#take(async (ask) => (await this.#find(ask)).map(({ account }) => account));
  }

  /** Ends at once, whatever is under way. */
  close(): void {
    this.#ending.abort();
    this.#child?.end(closed());
  }

  async #get(account: string, ask: Ask): Promise<string | null> {
    const request: Request = { op: "get", service: this.#service, account };
    const value = (await ask(request)).value ?? null;
    if (value !== null) return value;
    // A locked keyring may say "absent" as well; after a round trip it is believed.
    await ask({ op: "probe", service: this.#service });
    return (await ask(request)).value ?? null;
  }

  /** A search crashes keytar when the keyring is locked, and never ends when the service hangs: a round trip comes first. */
  async #find(ask: Ask): Promise<readonly Item[]> {
    await ask({ op: "probe", service: this.#service });
    return (await ask({ op: "find", service: this.#service })).items ?? [];
  }

  async #take<T>(job: (ask: Ask) => Promise<T>): Promise<T> {
    try {
      return await this.#mutex.run(async () => {
        const wait = new Wait(this.#world, this.#ending.signal, (fault) => this.#child?.end(fault));
        try {
          await wait.turn.take(this.#lastTurn);
          return await job((request) => this.#ask(request, wait));
        } finally {
          wait.end();
          this.#lastTurn = wait.turn;
        }
      });
    } catch (cause) {
      throw explain(cause, this.#engine, thisHost(this.#world.env));
    }
  }

  /** Again, a little later, while there is time and the failure may pass: every request may be repeated. */
  async #ask(request: Request, wait: Wait): Promise<Answer> {
    const { turn } = wait;
    for (let attempt = 1; ; attempt++) {
      try {
        const child = await this.#start(turn);
        // The others may have been heard of meanwhile.
        if (turn.isMissed) await turn.take();
        turn.asks();
        const reply = await child.ask(request);
        if (isSign(reply)) turn.hasAnswer();
        return expectOk(reply);
      } catch (cause) {
        if (!isPassing(cause) || wait.isUp() || attempt === ATTEMPTS) throw cause;
        await new Promise((resolve) => setTimeout(resolve, randomInt(PAUSE_MS)));
        if (wait.isUp()) throw cause;
      }
    }
  }

  async #start(turn: Turn): Promise<Child> {
    if (this.#ending.signal.aborted) throw closed();
    if (this.#child?.hasEnded === false) return this.#child;
    turn.works();
    this.#child = new Child(this.#world.env);
    await this.#child.open(this.#engine);
    return this.#child;
  }
}

function closed(): KeychainFault {
  return new KeychainFault("unavailable", "the store was closed");
}
