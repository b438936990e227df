import type { KeyStore } from "../stores/store.ts";

/**
 * How the contract suite opens a driver.
 * @example
 * ```ts
 * import type { StoreUnderTest } from "mcp-keys/testing";
 * import { openStore } from "mcp-keys";
 *
 * const memory: StoreUnderTest = { open: () => openStore("memory:"), again: null };
 * ```
 */
export interface StoreUnderTest {
  /** Opens a new, empty store. */
  readonly open: () => Promise<KeyStore>;
  /** Opens the same store again, as another process would. `null` for a store that no other process can see. */
  readonly again: (() => Promise<KeyStore>) | null;
}

/**
 * A test of the contract.
 * @example
 * ```ts
 * import { test } from "node:test";
 * import type { ContractCase } from "mcp-keys/testing";
 *
 * const register = ({ title, run }: ContractCase): void => void test(title, run);
 * ```
 */
export interface ContractCase {
  /** A sentence about what a store does, such as "rejects a stale revision and writes nothing". */
  readonly title: string;
  /** Fails with an `AssertionError`, or with what the store throws. */
  readonly run: () => Promise<void>;
}

/** What a test gets. A case about a method that a store need not have is wrapped in {@link ifHas}. */
interface ContractPlace {
  /** An empty store. */
  readonly store: Required<KeyStore>;
  /** Opens the store again, or returns it if that is not possible. */
  readonly again: () => Promise<Required<KeyStore>>;
  /** Opens another empty store. */
  readonly another: () => Promise<Required<KeyStore>>;
}

type CaseBody = (place: ContractPlace) => Promise<void>;

/** Tests by title. */
export type Cases = Readonly<Record<string, CaseBody>>;

/** Returns the tests with their places: each has a store of its own, and closes everything it opened. */
export function toCases(cases: Cases, create: () => Promise<StoreUnderTest>): ContractCase[] {
  return Object.entries(cases).map(([title, body]) => ({
    title,
    run: async () => {
      const opened: KeyStore[] = [];
      const keep = async (store: Promise<KeyStore>) => {
        opened.push(await store);
        return store as Promise<Required<KeyStore>>;
      };
      const { open, again } = await create();
      const store = await keep(open());
      try {
        await body({
          store,
          again: async () => (again === null ? store : keep(again())),
          another: async () => keep((await create()).open()),
        });
      } finally {
        await Promise.all(opened.map((each) => each.close()));
      }
    },
  }));
}

/** Leaves out a test if the store does not have the method. */
export function ifHas(method: keyof KeyStore, body: CaseBody): CaseBody {
  return async (place) => {
    if ((place.store as KeyStore)[method] !== undefined) await body(place);
  };
}
