import { describe, expect, test } from "vitest";
import { openStore, parseStoreSpec } from "../../../src/stores/index.ts";
import { describeStore } from "../contract.ts";
import type { StoreUnderTest } from "../../../src/testing/contract-case.ts";
import { aWorld } from "../place.ts";
import { needSecretService, sharedSecretService } from "./service.ts";

const shared = sharedSecretService("unlocked");

describe.each(["keychain:", "keychain:keytar"])("%s on a Secret Service", (spec) => {
  needSecretService();
  const make = async (): Promise<StoreUnderTest> => {
    const { world } = await shared();
    // Attended: three seconds may be too short on a slow disk.
    const open = () => openStore(spec, { ...world, attended: true });
    return { open, again: open };
  };
  describeStore(make);
});

test("rejects a spec with anything but an engine", async () => {
  expect(parseStoreSpec("keychain:keytar")).toEqual({ scheme: "keychain", location: "keytar" });
  for (const spec of ["keychain:keyring", "keychain:./keys.jsonl", "keychain: "]) {
    await expect(openStore(spec, aWorld("/nowhere"))).rejects.toMatchObject({ code: "USAGE" });
  }
});

test("fails without a data folder for its journal", async () => {
  await expect(openStore("keychain:", aWorld())).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
});
