import { onTestFinished } from "vitest";
import type { Epoch, Key } from "../../src/core/key.ts";
import { createKeys, type Keys } from "../../src/keys/keys.ts";
import { createVerifier, type Verifier, type VerifierOptions } from "../../src/server/verifier/verifier.ts";
import { openMemoryStore } from "../../src/stores/memory.ts";
import type { KeyStore } from "../../src/stores/store.ts";
import { createTroubledStore, type Trouble } from "./verifier/troubled-store.ts";

/** A store with keys, a manual clock, and a verifier that follows the store. */
export interface Fixture {
  readonly store: KeyStore;
  readonly trouble: Trouble;
  readonly keys: Keys;
  readonly verifier: Verifier;
  readonly clock: { now: Epoch };
  /** The lines of the server's log. */
  readonly lines: string[];
  /** Issues a key and returns its token after the verifier has read it. */
  issue(name: string, more?: { scopes?: string[]; audience?: string[]; expiresAt?: Epoch }): Promise<string>;
  /** Rotates a key and returns the new token after the verifier has read it. */
  rotate(name: string, overlap: number): Promise<string>;
  /** Waits until the verifier has read the current keys. */
  followed(): Promise<void>;
}

export type FixtureOptions = Partial<VerifierOptions> & { readonly trouble?: Partial<Trouble> };

export async function createFixture({ trouble: first = {}, ...options }: FixtureOptions = {}): Promise<Fixture> {
  const { store, trouble } = createTroubledStore(options.store ?? (await openMemoryStore()));
  Object.assign(trouble, first);
  const clock = { now: 1_800_000_000 };
  const lines: string[] = [];
  const keys = createKeys({ store, now: () => clock.now, by: "test", peppers: options.peppers ?? [] });
  const seen = new Map<string, Key>();
  const verifier = await createVerifier({
    ...{ now: () => clock.now, pollEvery: 0.02, flushEvery: 0.02, log: (line: string) => lines.push(line) },
    ...{ ...options, store: watched(store, seen) },
  });
  onTestFinished(() => verifier.close());

  const followed = () =>
    until(async () => (await keys.list()).every(({ id, revision }) => seen.get(id)?.revision === revision));

  return {
    ...{ store, trouble, keys, verifier, clock, lines, followed },
    async issue(name, more = {}) {
      const { token } = await keys.generate({ name, expiresAt: null, ...more });
      await followed();
      return token.reveal();
    },
    async rotate(name, overlap) {
      let token = "";
      await keys.rotate(name, {
        overlap,
        deliver: async (issued) => {
          token = issued.token.reveal();
        },
      });
      await followed();
      return token;
    },
  };
}

/** Waits for a condition, two seconds at most. */
export async function until(check: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 400; i++) {
    if (await check()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`still not: ${check.toString()}`);
}

/** Records each key after the reader has moved on to the next. */
function watched(store: KeyStore, seen: Map<string, Key>): KeyStore {
  return {
    ...store,
    async snapshot() {
      const snapshot = await store.snapshot();
      setImmediate(() => snapshot.keys.forEach((key) => seen.set(key.id, key)));
      return snapshot;
    },
    async *changes(since) {
      for await (const change of store.changes(since)) {
        yield change;
        for (const key of change.keys) seen.set(key.id, key);
      }
    },
  };
}
