import { randomInt } from "node:crypto";
import type { StoreWorld } from "../store.ts";
import { Turns } from "../turns.ts";
import { Child, expectOk } from "./child.ts";
import { explain, isPassing, KeychainFault } from "./fault.ts";
import { thisHost } from "./host.ts";
import type { Item, KeychainEngine, Reply, Request } from "./protocol.ts";

/** Milliseconds that a keychain has for an answer, 3,000 with the start of the process; and when somebody may have to answer a prompt first. */
const LIMIT_MS = 2_700;
const ATTENDED_MS = 60_000;
/** After so many milliseconds a person is told what is being waited for. */
const TELL_MS = 1_000;
/** Up to so many items one by one; from there on a search for all of them is cheaper. */
const FEW = 4;
const ATTEMPTS = 4;
const PAUSE_MS = 200;

/**
 * The items of one service in the keychain. Everything throws `STORE_LOCKED` or `STORE_UNAVAILABLE` with the mend for this
 * machine, and in time: 3 seconds, or 60 where somebody is there to answer a prompt. What is said to be absent is absent.
 */
export class Keychain {
  readonly #engine: KeychainEngine;
  readonly #service: string;
  readonly #world: StoreWorld;
  readonly #turns = new Turns();
  #child: Child | null = null;
  #closed = false;

  constructor(engine: KeychainEngine, service: string, world: StoreWorld) {
    this.#engine = engine;
    this.#service = service;
    this.#world = world;
  }

  /** Writes an item and reads it back. */
  set({ account, value }: Item): Promise<void> {
    return this.#take(async () => {
      await this.#ask({ op: "set", service: this.#service, account, value });
    });
  }

  /** Nothing when it is not there. */
  remove(account: string): Promise<void> {
    return this.#take(async () => {
      const { removed = false } = await this.#ask({ op: "remove", service: this.#service, account });
      // A locked keyring may say so as well, see `#get`.
      if (!removed) await this.#ask({ op: "probe", service: this.#service });
    });
  }

  /** The values of these items, by account; without those that are not there. */
  read(accounts: readonly string[]): Promise<Map<string, string>> {
    return this.#take(async () => {
      const all = accounts.length > FEW ? await this.#find() : [];
      const values = new Map(all.map(({ account, value }) => [account, value]));
      for (const account of accounts) {
        if (values.has(account)) continue;
        const value = await this.#get(account);
        if (value !== null) values.set(account, value);
      }
      return values;
    });
  }

  /** The accounts of all items, after a round trip that proves them to be all. */
  accounts(): Promise<string[]> {
    return this.#take(async () => (await this.#find()).map(({ account }) => account));
  }

  /** Ends at once, whatever is under way. */
  close(): void {
    this.#closed = true;
    this.#child?.end(closed());
  }

  async #get(account: string): Promise<string | null> {
    const request: Request = { op: "get", service: this.#service, account };
    const value = (await this.#ask(request)).value ?? null;
    if (value !== null) return value;
    // A locked keyring may say "absent" as well; after a round trip it is believed.
    await this.#ask({ op: "probe", service: this.#service });
    return (await this.#ask(request)).value ?? null;
  }

  /** A search crashes keytar when the keyring is locked, and never ends when the service hangs: a round trip comes first. */
  async #find(): Promise<readonly Item[]> {
    await this.#ask({ op: "probe", service: this.#service });
    return (await this.#ask({ op: "find", service: this.#service })).items ?? [];
  }

  async #take<T>(job: () => Promise<T>): Promise<T> {
    try {
      return await this.#turns.take(job);
    } catch (cause) {
      throw explain(cause, this.#engine, thisHost(this.#world.env));
    }
  }

  /** Again, a little later, while there is time and the failure may pass: every request may be repeated. */
  async #ask(request: Request): Promise<Extract<Reply, { ok: true }>> {
    await this.#start();
    const { attended = false, tell } = this.#world;
    const limit = attended ? ATTENDED_MS : LIMIT_MS;
    let late = false;
    const isOver = () => late || this.#closed;
    const timers = [
      setTimeout(() => tell?.("waiting for the keychain: answer its prompt, or leave with Ctrl-C"), TELL_MS),
      setTimeout(() => {
        late = true;
        this.#child?.end(new KeychainFault("timed-out", `no answer to ${request.op} in ${limit} ms`));
      }, limit),
    ];
    try {
      for (let attempt = 1; ; attempt++) {
        try {
          return expectOk(await (await this.#start()).ask(request));
        } catch (cause) {
          if (isOver() || attempt === ATTEMPTS || !isPassing(cause)) throw cause;
          await new Promise((resolve) => setTimeout(resolve, randomInt(PAUSE_MS)));
          // Whoever ends this while nothing is asked has set one of these.
          if (isOver()) throw cause;
        }
      }
    } finally {
      for (const timer of timers) clearTimeout(timer);
    }
  }

  async #start(): Promise<Child> {
    if (this.#closed) throw closed();
    if (this.#child?.hasEnded === false) return this.#child;
    this.#child = new Child(this.#world.env);
    await this.#child.open(this.#engine);
    return this.#child;
  }
}

function closed(): KeychainFault {
  return new KeychainFault("unavailable", "the store was closed");
}
