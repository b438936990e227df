import { describe } from "vitest";
<<<<<<< HEAD
import { describeContract, describeWriting } from "../contract.ts";
import type { Candidate } from "../contract.ts";
import { describeFollowers } from "../followers-contract.ts";
import { describeUses } from "../uses-contract.ts";
=======
import { describeStore } from "../contract.ts";
import type { StoreUnderTest } from "../../../src/testing/contract-case.ts";
>>>>>>> 717e50a (mcp-keys/testing: authors of drivers run the contract suite that our stores pass, and a page says how; another history in place of a file is damage, not a rewind)
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
<<<<<<< HEAD
  describeContract(make);
  describeWriting(make);
  describeUses(make);
  describeFollowers(make);
=======
  describeStore(make);
>>>>>>> 717e50a (mcp-keys/testing: authors of drivers run the contract suite that our stores pass, and a page says how; another history in place of a file is damage, not a rewind)
});
