import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openStore, parseStoreSpec, stores } from "../../src/stores/index.ts";
import { formatRecord, GENESIS } from "../../src/stores/journal/format/record.ts";
import type { StoreScheme } from "../../src/stores/index.ts";
import type { StoreUnderTest } from "../../src/testing/contract-case.ts";
import { describeReadOnlyStore, describeStore } from "./contract.ts";
import { aFolder, aWorld } from "./place.ts";

/** The keychain and PostgreSQL have their own files, such as `keychain/contract.test.ts`, because they need more than a folder. */
type Scheme = Exclude<StoreScheme, "keychain" | "postgres">;

/** How to open an empty store of each kind. The compiler asks for a line for each entry of the registry. */
const candidates: Readonly<Record<Scheme, { writes: boolean; make: () => Promise<StoreUnderTest> }>> = {
  file: {
    writes: true,
    async make() {
      const spec = `file:${join(await aFolder(), "new", "keys.jsonl")}`;
      const open = () => openStore(spec, aWorld());
      return { open, again: open };
    },
  },
  archive: {
    writes: false,
    async make() {
      const path = join(await aFolder(), "old.jsonl");
      const seal = { seq: 1, at: 1_000, by: "ada@laptop", op: "compact" as const, keys: [] };
      const { bytes } = formatRecord({ change: seal, next: "f".repeat(64) }, GENESIS);
      await writeFile(path, bytes, { mode: 0o600 });
      const open = () => openStore(`archive:${path}`, aWorld());
      return { open, again: open };
    },
  },
  keyset: {
    writes: false,
    async make() {
      const path = join(await aFolder(), "keyset.json");
      const empty = { keyset: 1, store: "memory:", seq: 0, at: "2026-11-27T00:00:00Z", keys: [] };
      await writeFile(path, JSON.stringify(empty), { mode: 0o600 });
      const open = () => openStore(`keyset:${path}`, aWorld());
      return { open, again: open };
    },
  },
  env: { writes: false, make: async () => ({ open: () => openStore("env:", aWorld()), again: null }) },
  memory: { writes: true, make: async () => ({ open: () => openStore("memory:", aWorld()), again: null }) },
};

describe.each(Object.keys(candidates) as Scheme[])("%s:", (scheme) => {
  const { writes, make } = candidates[scheme];
  if (writes) describeStore(make);
  else describeReadOnlyStore(make);
});

test.each(Object.entries(stores))("%s: has a summary", (_, { summary }) => {
  expect(summary).toMatch(/^\S.{10,70}\S$/);
});

test("splits a spec at its first colon", () => {
  expect(parseStoreSpec("file:/srv/a:b.jsonl")).toEqual({ scheme: "file", location: "/srv/a:b.jsonl" });
  expect(parseStoreSpec("env:")).toEqual({ scheme: "env", location: "" });
  expect(parseStoreSpec("postgresql://h/d")).toEqual({ scheme: "postgres", location: "//h/d" });
});

test.each([
  "",
  "keys.jsonl",
  "./keys.jsonl",
  "C:\\keys.jsonl",
  "mysql://host/db",
  "keyring:",
  "constructor:",
  ":",
  "File:x",
])("rejects the spec %o and lists the choices", (text) => {
  const parse = () => parseStoreSpec(text);
  expect(parse).toThrow(
    expect.objectContaining({
      code: "USAGE",
      hint: expect.stringContaining("file: keychain: postgres: archive: env: keyset: memory:"),
    }),
  );
});

test("quotes only the scheme of a rejected spec, because the rest may be a password", () => {
  expect(() => parseStoreSpec("mysql://ada:s3cret@host/db")).toThrow(
    expect.not.objectContaining({ message: expect.stringContaining("s3cret") }),
  );
});

test.each(["memory:x", "env:x"])("%s takes no location", async (spec) => {
  await expect(openStore(spec, aWorld())).rejects.toMatchObject({ code: "USAGE" });
});
