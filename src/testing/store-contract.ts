import { basics } from "./cases/basics.ts";
import { followerCases } from "./cases/followers.ts";
import { keyCases } from "./cases/keys.ts";
import { movingCases } from "./cases/moving.ts";
import { positionCases } from "./cases/positions.ts";
import { readOnlyCases } from "./cases/read-only.ts";
import { useCases } from "./cases/uses.ts";
import { writeCases } from "./cases/writes.ts";
import { toCases, type ContractCase, type StoreUnderTest } from "./contract-case.ts";

const WRITABLE = {
  ...basics,
  ...keyCases,
  ...writeCases,
  ...positionCases,
  ...useCases,
  ...movingCases,
  ...followerCases,
};
const READ_ONLY = { ...basics, ...readOnlyCases };

/**
 * Returns the tests of the {@link KeyStore} contract for a driver, for any test runner. A test about a method that is optional passes if
 * the store does not have it.
 * @param create - makes a new, empty store for each test. Remove it with the means of your test runner.
 * @example
 * ```ts
 * import { test } from "node:test";
 * import { openStore } from "mcp-keys";
 * import { storeContract } from "mcp-keys/testing";
 *
 * const create = async () => ({ open: () => openStore("memory:"), again: null });
 * for (const { title, run } of storeContract(create)) test(title, run);
 * ```
 */
export function storeContract(create: () => Promise<StoreUnderTest>): ContractCase[] {
  return toCases(WRITABLE, create);
}

/**
 * Does the same for a store that is read-only.
 * @example
 * ```ts
 * import { test } from "node:test";
 * import { openStore } from "mcp-keys";
 * import { readOnlyStoreContract } from "mcp-keys/testing";
 *
 * const create = async () => ({ open: () => openStore("env:"), again: null });
 * for (const { title, run } of readOnlyStoreContract(create)) test(title, run);
 * ```
 */
export function readOnlyStoreContract(create: () => Promise<StoreUnderTest>): ContractCase[] {
  return toCases(READ_ONLY, create);
}
