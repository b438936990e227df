import { describe } from "vitest";
import { describeContract, describeWriting } from "../contract.ts";
import type { Candidate } from "../contract.ts";
import { describeFollowers } from "../followers-contract.ts";
import { describeUses } from "../uses-contract.ts";
import { shelves } from "./place.ts";

describe.each([
  ["directly", {}],
  ["through PgBouncer in transaction mode", { pgBouncer: true }],
])("postgres: %s", (_, options) => {
  const aShelf = shelves(options);
  const make = async (): Promise<Candidate> => {
    const { open } = await aShelf();
    return { open, again: open };
  };
  describeContract(make);
  describeWriting(make);
  describeUses(make);
  describeFollowers(make);
});
