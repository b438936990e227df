import { vi } from "vitest";
import type { Acknowledgement } from "../../../src/core/follower.ts";
import { includes, type Position } from "../../../src/core/position.ts";
import { KeysError } from "../../../src/errors.ts";
import { createKeys } from "../../../src/keys/keys.ts";
import { startVerifier, type Verifier } from "../../../src/server/verifier/verifier.ts";
import { openMemoryStore } from "../../../src/stores/memory.ts";
import type { KeyStore } from "../../../src/stores/store.ts";

/** Seconds. */
export const STALENESS = 3;
/** Milliseconds. */
const STEP = 100;
const KEYS_PER_STORE = 4;
const START = 1_800_000_000;

/** How the calls of a store behave: mostly well, or with this share of failures and calls that never end. */
export interface Weather {
  reads: number;
  acknowledgements: number;
  hangs: number;
  /** The longest delay of a call in milliseconds, on each way. */
  delay: number;
}

/** Clocks of the world and of a verifier in it. The timers are those of Vitest, so time can pass without them: the process stands still. */
export class SimulatedTime {
  /** The true time in milliseconds. */
  t = 0;
  /** Milliseconds that the monotonic clock did not count. */
  suspended = 0;
  /** Seconds by which the wall clock is wrong. */
  skew = 0;

  readonly now = (): number => START + Math.floor(this.t / 1000) + this.skew;
  /** A little slow, as real ones are. */
  readonly ticks = (): number => (this.t - this.suspended) * 0.9995;

  async step(): Promise<void> {
    this.t += STEP;
    await vi.advanceTimersByTimeAsync(STEP);
  }
}

/** A key that was revoked, and whether every follower of its store has confirmed that. */
interface Revoked {
  readonly token: string;
  readonly position: Position;
  isConfirmed: boolean;
}

/** A store over a bad network, and somebody who revokes its keys and waits for the followers. */
export class SimulatedStore {
  readonly store: KeyStore;
  readonly weather: Weather = { reads: 0, acknowledgements: 0, hangs: 0, delay: 300 };
  readonly valid: { readonly name: string; readonly token: string }[] = [];
  readonly revoked: Revoked[] = [];
  readonly #time: SimulatedTime;
  readonly #memory: KeyStore;
  readonly #random: () => number;
  /** Id → what it acknowledged, and until when its lease lasts by the clock of the store. */
  readonly #followers = new Map<string, { position: Position; until: number }>();

  constructor(time: SimulatedTime, memory: KeyStore, random: () => number) {
    this.#time = time;
    this.#memory = memory;
    this.#random = random;
    this.store = {
      ...memory,
      snapshot: () => this.#call("reads", () => memory.snapshot()),
      changes: (since) => this.#changes(since),
      acknowledge: (news) => this.#call("acknowledgements", async () => this.#acknowledge(news)),
      unfollow: (id) => this.#call("acknowledgements", async () => void this.#followers.delete(id)),
    };
  }

  async fill(prefix: string): Promise<void> {
    const keys = createKeys({ store: this.#memory, now: () => START, by: "test", peppers: [] });
    for (let i = 0; i < KEYS_PER_STORE; i++) {
      const name = `${prefix}${String(i)}`;
      const { token } = await keys.generate({ name, expiresAt: null });
      this.valid.push({ name, token: token.reveal() });
    }
  }

  /** Revokes the next key; the last one stays valid. */
  async revoke(): Promise<void> {
    const next = this.valid.length > 1 ? this.valid.shift() : undefined;
    if (next === undefined) return;
    const keys = createKeys({ store: this.#memory, now: () => START, by: "test", peppers: [] });
    await keys.revoke(next.name);
    this.revoked.push({ token: next.token, position: await this.#memory.position(), isConfirmed: false });
  }

  /** Looks at the followers, as `--wait` does. */
  confirm(): void {
    for (const each of this.revoked) {
      each.isConfirmed ||= [...this.#followers.values()].every(
        ({ position, until }) => includes(position, each.position) || until <= this.#time.t,
      );
    }
  }

  async *#changes(since: number): ReturnType<KeyStore["changes"]> {
    const changes = await this.#call("reads", async () => {
      const all = [];
      for await (const change of this.#memory.changes(since)) all.push(change);
      return all;
    });
    yield* changes;
  }

  #acknowledge({ id, position, lease }: Acknowledgement): void {
    const before = this.#followers.get(id)?.position;
    const later = before !== undefined && includes(before, position) ? before : position;
    this.#followers.set(id, { position: later, until: this.#time.t + lease });
  }

  /** Takes time before and after the effect. It may fail before or after it, or never end, with or without the effect. */
  async #call<T>(kind: "reads" | "acknowledgements", effect: () => Promise<T>): Promise<T> {
    const { hangs, delay, [kind]: failures } = this.weather;
    const [hangsNow, failsBefore, failsAfter] = [hangs, failures / 2, failures / 2].map((p) => this.#random() < p);
    const isLost = this.#random() < 0.5;
    await this.#wait(this.#random() * delay);
    if (hangsNow === true && isLost) await new Promise(() => undefined);
    if (failsBefore === true) throw new KeysError("STORE_UNAVAILABLE", "the network is down");
    const result = await effect();
    await this.#wait(this.#random() * delay);
    if (hangsNow === true) await new Promise(() => undefined);
    if (failsAfter === true) throw new KeysError("STORE_UNAVAILABLE", "the answer was lost");
    return result;
  }

  #wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, milliseconds));
  }
}

/** Returns numbers from 0 to 1 that depend on the seed alone. */
export function createRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export async function createStores(
  count: number,
  time: SimulatedTime,
  random: () => number,
): Promise<SimulatedStore[]> {
  const stores: SimulatedStore[] = [];
  for (let i = 0; i < count; i++) {
    const simulated = new SimulatedStore(time, await openMemoryStore(), random);
    await simulated.fill(`s${String(i)}-`);
    stores.push(simulated);
  }
  return stores;
}

export function startSimulated(stores: readonly SimulatedStore[], time: SimulatedTime): Promise<Verifier> {
  return startVerifier(
    {
      ...{ stores: stores.map(({ store }) => store), now: time.now, peppers: [] },
      ...{ pollEvery: 0.3, maxStaleness: STALENESS, flushEvery: 3600 },
    },
    time.ticks,
  );
}

export function accepts(verifier: Verifier, token: string): boolean {
  try {
    return verifier.verify(token).ok;
  } catch (error) {
    if (error instanceof KeysError && error.code === "STORE_UNAVAILABLE") return false;
    throw error;
  }
}
