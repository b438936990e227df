import { describe } from "vitest";
import { openStore } from "../../../src/stores/index.ts";
import { needPostgres, aDatabase, sharedCluster } from "../../postgres/shared.ts";
import { describeContract, describeWriting } from "../contract.ts";
import type { Candidate } from "../contract.ts";
import { aWorld } from "../place.ts";
import { describeUses } from "../uses-contract.ts";

describe("postgres: directly", () => {
  needPostgres();
  const make = async (): Promise<Candidate> => {
    const { url, password } = await aDatabase();
    const open = () => openStore(url, aWorld(null, { PGPASSWORD: password }));
    return { open, again: open };
  };
  describeContract(make);
  describeWriting(make);
  describeUses(make);
});
