import { describe, expect, test } from "vitest";
import { openStore, parseStoreSpec } from "../../../src/stores/index.ts";
import { describeContract, describeWriting } from "../contract.ts";
import type { Candidate } from "../contract.ts";
import { aWorld } from "../place.ts";
import { aSecretService, needSecretService } from "./service.ts";

describe.each(["keychain:", "keychain:keytar"])("%s on a Secret Service", (spec) => {
  needSecretService();
  const make = async (): Promise<Candidate> => {
    const { world } = await aSecretService("unlocked");
    // On a slow disk three seconds may be too short.
    const open = () => openStore(spec, { ...world, attended: true });
    return { open, again: open };
  };
  describeContract(make);
  describeWriting(make);
});

test("a spec names the engine and nothing else", async () => {
  expect(parseStoreSpec("keychain:keytar")).toEqual({ scheme: "keychain", location: "keytar" });
  for (const spec of ["keychain:keyring", "keychain:./keys.jsonl", "keychain: "]) {
    await expect(openStore(spec, aWorld("/nowhere"))).rejects.toMatchObject({ code: "USAGE" });
  }
});

test("without a data folder there is nowhere to keep the journal", async () => {
  await expect(openStore("keychain:", aWorld())).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
});
