import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parsePeppers } from "../../src/core/digest.ts";
import { checkToken } from "../../src/keys/check.ts";
import vectors from "../vectors/journal.json" with { type: "json" };
import { aFolder, openIn } from "./place.ts";

/** A case of `journal.json`. `examples/python/test_mcp_keys.py` runs the same cases. */
interface Case {
  readonly name: string;
  readonly file: string;
  readonly sidecars?: Readonly<Record<string, string>>;
  readonly seq?: number;
  readonly keys?: Readonly<Record<string, readonly string[]>>;
  readonly damaged?: number | null;
  readonly newer?: boolean;
  readonly keychain?: boolean;
}

interface Judged {
  readonly name: string;
  readonly token: string;
  readonly now: number;
  readonly reason: string | null;
  readonly scopes?: readonly string[];
  readonly audience: string | null;
  readonly pepper?: string;
}

async function openJournal(file: string, sidecars: Readonly<Record<string, string>> = {}) {
  const folder = await aFolder();
  for (const [name, text] of Object.entries({ ...sidecars, "": file })) {
    await writeFile(join(folder, `keys.jsonl${name}`), text, { mode: 0o600 });
  }
  return openIn(folder);
}

test.each(vectors.cases as readonly Case[])(
  "$name",
  async ({ file, sidecars, seq, keys, damaged, newer, keychain }) => {
    const store = await openJournal(file, sidecars);
    if (newer === true || keychain === true) {
      const why = newer === true ? "newer" : "keychain";
      const fault = { code: "STORE_UNAVAILABLE", message: expect.stringContaining(why) };
      await expect(store.snapshot()).rejects.toMatchObject(fault);
    } else if (damaged !== undefined) {
      const where = damaged === null ? "compacted" : `line ${damaged} of`;
      const fault = { code: "STORE_DAMAGED", message: expect.stringContaining(where) };
      await expect(store.snapshot()).rejects.toMatchObject(fault);
    } else {
      const snapshot = await store.snapshot();
      const states = snapshot.keys.map(({ name, versions }) => [name, versions.map(({ state }) => state)]);
      expect({ seq: snapshot.seq, keys: Object.fromEntries(states) }).toEqual({ seq, keys });
    }
  },
);

test("gives each token its verdict", async () => {
  const store = await openJournal(vectors.judged.file);
  for (const { name, token, reason, pepper, ...demand } of vectors.judged.verdicts as readonly Judged[]) {
    const checked = checkToken(store, parsePeppers(pepper), token, demand);
    if (reason === "PEPPER_MISSING") {
      await expect(checked, name).rejects.toMatchObject({ code: reason });
      continue;
    }
    const verdict = await checked;
    expect({ name, reason: verdict.ok ? null : verdict.reason }).toEqual({ name, reason });
  }
});
