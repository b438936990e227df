import { test } from "vitest";
import type { StoreUnderTest } from "../../src/testing/contract-case.ts";
import { readOnlyStoreContract, storeContract } from "../../src/testing/store-contract.ts";

/** Runs the contract suite that authors of drivers get, for a store that can be written. */
export function describeStore(create: () => Promise<StoreUnderTest>): void {
  for (const { title, run } of storeContract(create)) test(title, run);
}

/** The same for a read-only store. */
export function describeReadOnlyStore(create: () => Promise<StoreUnderTest>): void {
  for (const { title, run } of readOnlyStoreContract(create)) test(title, run);
}
