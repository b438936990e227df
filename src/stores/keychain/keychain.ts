import { hash, randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { StoreWorld } from "../store.ts";
import { Mutex } from "../mutex.ts";
import { Child, expectSuccess } from "./child.ts";
import { explain } from "./explain.ts";
import { isFromKeychain, isTransient, KeychainFault } from "./fault.ts";
import { thisHost } from "./host.ts";
import type { ChildRequest, ChildSuccess, KeychainEngine, KeychainItem } from "./protocol.ts";
import { ProcessLock } from "./queue/process-lock.ts";

/** Above this number one search is cheaper than single reads. */
const FEW = 4;
const ATTEMPTS = 6;
const RETRY_WITHIN_MS = 200;
/** Lets another process have the lock between two calls of this one. */
const YIELD_MS = 60;
const NOTIFY_AFTER_MS = 1_000;
const WAITING = "waiting for the keychain: answer its prompt, or press Ctrl-C to stop";

type SendRequest = (request: ChildRequest) => Promise<ChildSuccess>;

/**
 * The items of one service in the keychain. Every method fails with `STORE_LOCKED` or `STORE_UNAVAILABLE` and a hint for this machine
 * within 3 seconds, or within 60 when a person can answer a prompt. An item that is reported absent is absent.
 */
export class Keychain {
  readonly #engine: KeychainEngine;
  readonly #service: string;
  readonly #world: StoreWorld;
  readonly #mutex = new Mutex();
  readonly #closing = new AbortController();
  #child: Child | null = null;
  #isContended = false;

  constructor(engine: KeychainEngine, service: string, world: StoreWorld) {
    this.#engine = engine;
    this.#service = service;
    this.#world = world;
  }

  /** Writes an item and reads it back. */
  set({ account, value }: KeychainItem): Promise<void> {
    return this.#run(async (send) => {
      await send({ op: "set", service: this.#service, account, value });
    });
  }

  /** Removes an item, if it exists. */
  remove(account: string): Promise<void> {
    return this.#run(async (send) => {
      const { removed = false } = await send({ op: "remove", service: this.#service, account });
      if (!removed) await this.#proveAbsence(send);
    });
  }

  /** Reads the values of these items, by account. Leaves out absent items. */
  read(accounts: readonly string[]): Promise<Map<string, string>> {
    return this.#run(async (send) => {
      const all = accounts.length > FEW ? await this.#find(send) : [];
      const values = new Map(all.map(({ account, value }) => [account, value]));
      for (const account of accounts) {
        if (values.has(account)) continue;
        const value = await this.#get(account, send);
        if (value !== null) values.set(account, value);
      }
      return values;
    });
  }

  /** Lists the accounts of all items. */
  accounts(): Promise<string[]> {
    return this.#run(async (send) => (await this.#find(send)).map(({ account }) => account));
  }

  /** Closes the keychain at once, and fails a pending call. */
  close(): void {
    this.#closing.abort();
    this.#child?.end(closed());
  }

  async #get(account: string, send: SendRequest): Promise<string | null> {
    const request: ChildRequest = { op: "get", service: this.#service, account };
    const value = (await send(request)).value ?? null;
    if (value !== null) return value;
    await this.#proveAbsence(send);
    return (await send(request)).value ?? null;
  }

  /** Fails unless a round trip succeeds: engines report the items of a locked keyring as absent. */
  async #proveAbsence(send: SendRequest): Promise<void> {
    await send({ op: "probe", service: this.#service });
  }

  /** Searches after a round trip, since a search of a locked keyring crashes keytar. */
  async #find(send: SendRequest): Promise<readonly KeychainItem[]> {
    await this.#proveAbsence(send);
    return (await send({ op: "find", service: this.#service })).items ?? [];
  }

  async #run<T>(job: (send: SendRequest) => Promise<T>): Promise<T> {
    const { attended = false, notify } = this.#world;
    const giveUp = (fault: KeychainFault) => this.#child?.end(fault);
    try {
      return await this.#mutex.run(async () => {
        if (this.#isContended) await sleep(YIELD_MS);
        const lock = new ProcessLock(lockName(this.#world), { signal: this.#closing.signal, attended, giveUp });
        const notice = setTimeout(() => attended && notify?.(WAITING), NOTIFY_AFTER_MS);
        try {
          return await job((request) => this.#send(request, lock));
        } finally {
          clearTimeout(notice);
          this.#isContended = lock.release();
        }
      });
    } catch (cause) {
      throw explain(cause, this.#engine, thisHost(this.#world.env));
    }
  }

  /** Sends a request, again after a transient failure while there is time: every request can be repeated. */
  async #send(request: ChildRequest, lock: ProcessLock): Promise<ChildSuccess> {
    for (let attempt = 1; ; attempt++) {
      try {
        await lock.acquire();
        lock.report("starting");
        const child = await this.#start();
        lock.report("asking");
        const reply = await child.ask(request, () => lock.report("prompt"));
        if (isFromKeychain(reply)) lock.report("answered");
        return expectSuccess(reply);
      } catch (cause) {
        if (!isTransient(cause) || lock.isOver() || attempt === ATTEMPTS) throw cause;
        await sleep(randomInt(RETRY_WITHIN_MS));
        if (lock.isOver()) throw cause;
      }
    }
  }

  async #start(): Promise<Child> {
    if (this.#closing.signal.aborted) throw closed();
    if (this.#child?.hasEnded === false) return this.#child;
    this.#child = new Child(this.#world.env);
    await this.#child.open(this.#engine);
    return this.#child;
  }
}

/** Returns the name of the lock: all callers on one bus share it, even for different items. */
function lockName({ env, uid }: StoreWorld): string {
  const bus = [uid, env["DBUS_SESSION_BUS_ADDRESS"], env["XDG_RUNTIME_DIR"]].join("\n");
  return `mcp-keys-${hash("sha256", bus).slice(0, 12)}`;
}

function closed(): KeychainFault {
  return new KeychainFault("unavailable", "the store was closed");
}
