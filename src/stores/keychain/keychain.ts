import { randomInt } from "node:crypto";
import type { StoreWorld } from "../store.ts";
import { Turns } from "../turns.ts";
import { Child, expectOk } from "./child.ts";
import { explain, isPassing, KeychainFault } from "./fault.ts";
import { thisHost } from "./host.ts";
import type { Item, KeychainEngine, Reply, Request } from "./protocol.ts";
import { takeTurn } from "./turn.ts";
import type { Turn } from "./turn.ts";

/** Milliseconds that a keychain has for an answer, 3,000 with the start of the process; and when somebody may have to answer a prompt first. */
const LIMIT_MS = 2_700;
const ATTENDED_MS = 60_000;
/** And when others of ours ask as well. */
const CONTENDED_MS = 15_000;
/** After so many milliseconds a person is told what is being waited for. */
const TELL_MS = 1_000;
const TICK_MS = 100;
/** Up to so many items one by one; from there on a search for all of them is cheaper. */
const FEW = 4;
const ATTEMPTS = 6;
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
  readonly #ending = new AbortController();
  #turn: Turn | null = null;

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
    this.#ending.abort();
    this.#turn?.end();
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
      return await this.#turns.take(async () => {
        const turn = await takeTurn(this.#service, this.#ending.signal);
        this.#turn = turn;
        try {
          return await job();
        } finally {
          turn.end();
        }
      });
    } catch (cause) {
      throw explain(cause, this.#engine, thisHost(this.#world.env));
    }
  }

  /** Again, a little later, while there is time and the failure may pass: every request may be repeated. */
  async #ask(request: Request): Promise<Extract<Reply, { ok: true }>> {
    await this.#start();
    const time = this.#limit(request);
    try {
      for (let attempt = 1; ; attempt++) {
        try {
          return expectOk(await (await this.#start()).ask(request));
        } catch (cause) {
          if (time.isUp() || attempt === ATTEMPTS || !isPassing(cause)) throw cause;
          await new Promise((resolve) => setTimeout(resolve, randomInt(PAUSE_MS)));
          // Whoever ends this while nothing is asked has seen to it that time is up.
          if (time.isUp()) throw cause;
        }
      }
    } finally {
      time.stop();
    }
  }

  /**
   * Ends what is asked when its time is up. Time is counted in ticks, of which a late one counts once: on a machine that is too
   * busy to run us, the keychain has not been running either.
   */
  #limit({ op }: Request): { isUp: () => boolean; stop: () => void } {
    const { attended = false, tell } = this.#world;
    let spent = 0;
    let isUp = false;
    const ticks = setInterval(() => {
      spent += TICK_MS;
      if (attended && spent === TELL_MS) tell?.("waiting for the keychain: answer its prompt, or leave with Ctrl-C");
      const limit = attended ? ATTENDED_MS : this.#turn?.isContended() === true ? CONTENDED_MS : LIMIT_MS;
      if (spent < limit) return;
      isUp = true;
      this.#child?.end(new KeychainFault("timed-out", `no answer to ${op} in ${limit} ms`));
    }, TICK_MS);
    return {
      isUp: () => isUp || this.#ending.signal.aborted,
      stop: () => clearInterval(ticks),
    };
  }

  async #start(): Promise<Child> {
    if (this.#ending.signal.aborted) throw closed();
    if (this.#child?.hasEnded === false) return this.#child;
    this.#child = new Child(this.#world.env);
    await this.#child.open(this.#engine);
    return this.#child;
  }
}

function closed(): KeychainFault {
  return new KeychainFault("unavailable", "the store was closed");
}
