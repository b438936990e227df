import { describe } from "vitest";
import { describeStore } from "../contract.ts";
import type { StoreUnderTest } from "../../../src/testing/contract-case.ts";
import { shelves } from "./place.ts";

describe.each([
  ["directly", {}],
  ["through PgBouncer in transaction mode", { pgBouncer: true }],
])("postgres: %s", (_, options) => {
  const aShelf = shelves(options);
  const make = async (): Promise<StoreUnderTest> => {
    const { open } = await aShelf();
    return { open, again: open };
  };
  describeStore(make);
});
