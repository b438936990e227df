import { chmod, mkdir, readFile, rename, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { DiagnosticContext } from "../../src/doctor/context.ts";
import { store as storeDiagnostic } from "../../src/doctor/diagnostics/store.ts";
import manifest from "../../package.json" with { type: "json" };
import { parsePeppers } from "../../src/core/digest.ts";
import { judgePostgres } from "../../src/doctor/diagnostics/postgres.ts";
import { judgeKeychain } from "../../src/doctor/diagnostics/keychain.ts";
import type { diagnostics } from "../../src/doctor/index.ts";
import { KeysError } from "../../src/errors.ts";
import { openFileStore } from "../../src/stores/file.ts";
import { realDisk } from "../../src/stores/journal/disk/disk.ts";
import type { KeychainReport } from "../../src/stores/keychain/inspect.ts";
import { aWorld } from "../stores/place.ts";
import { aDatabaseReport } from "./postgres-report.ts";
import { aKey, aPlace, DAY, NOW, type Place } from "./context.ts";

type Id = keyof typeof diagnostics;

const PEPPER = `p1:${"k".repeat(32)}`;

/** Leaves a pending version, as `generate` does if it is killed before the delivery. */
async function aPending(place: Place): Promise<void> {
  const deliver = () => Promise.reject(new Error("killed"));
  await place.withKeys((keys) => keys.generate({ name: "half", expiresAt: null, deliver }).catch(() => undefined));
}

/** For each diagnostic, a case that passes and a case with a fault. The compiler requires a row for each new diagnostic. */
const CASES: Readonly<
  Record<Id, { healthy: (place: Place) => Promise<string[]>; faulty: (place: Place) => Promise<string[]> }>
> = {
  node: {
    healthy: ({ findings }) => findings("node", { node: "v20.17.0" }),
    faulty: ({ findings }) => findings("node", { node: "v20.16.9" }),
  },
  clock: {
    healthy: async (place) => (await aKey(place), place.findings("clock")),
    faulty: async (place) => (await aKey(place), place.findings("clock", { now: NOW - DAY })),
  },
  "store-variable": {
    healthy: ({ findings, spec }) =>
      findings("store-variable", { env: { MCP_KEYS_STORE: spec }, config: { chosenBy: "variable" } }),
    faulty: ({ findings }) =>
      findings("store-variable", { env: { MCP_KEYS_STORE: "/srv/keys" }, config: { chosenBy: "variable" } }),
  },
  store: {
    healthy: async (place) => (await aKey(place), place.findings("store")),
    faulty: async (place) => (await aKey(place), await chmod(place.path, 0o644), place.findings("store")),
  },
  files: {
    healthy: async (place) => (await aKey(place), place.findings("files")),
    faulty: async (place) => (await aKey(place), await chmod(place.path, 0o644), place.findings("files")),
  },
  history: {
    healthy: async (place) => (await aKey(place), place.findings("history")),
    faulty: async (place) => {
      await aKey(place);
      const unlink = () => Promise.reject(new Error("crash"));
      const store = await openFileStore(place.path, aWorld(), { ...realDisk, unlink });
      const crash = { seq: 1, at: NOW, by: "x", detail: "to file:/new" };
      await store.remove(crash).catch(() => undefined);
      await store.close();
      return place.findings("history");
    },
  },
  keychain: {
    healthy: async () => judgeKeychain(aKeychain()).map(({ status, observed }) => `${status} ${observed}`),
    faulty: async () =>
      judgeKeychain(aKeychain({ state: "locked", fault: new KeysError("STORE_LOCKED", "it is locked") })).map(
        ({ status, observed }) => `${status} ${observed}`,
      ),
  },
  postgres: {
    healthy: async () => judgePostgres(aDatabaseReport(), NOW).map(({ status, observed }) => `${status} ${observed}`),
    faulty: async () =>
      judgePostgres(aDatabaseReport({ tables: 2 }), NOW).map(({ status, observed }) => `${status} ${observed}`),
  },
  pepper: {
    healthy: ({ findings }) => findings("pepper", { env: { MCP_KEYS_PEPPER: PEPPER } }),
    faulty: async (place) => {
      await place.withKeys((keys) => keys.generate({ name: "ci", expiresAt: null }), parsePeppers(PEPPER));
      return place.findings("pepper");
    },
  },
  leftovers: {
    healthy: async (place) => (await aKey(place), place.findings("leftovers")),
    faulty: async (place) => {
      await aKey(place);
      const left = `${place.path}.0123456789ab.next`;
      await writeFile(left, "", { mode: 0o600 });
      await utimes(left, NOW - 2 * DAY, NOW - 2 * DAY);
      return place.findings("leftovers");
    },
  },
  pending: {
    healthy: async (place) => (await aKey(place), place.findings("pending")),
    faulty: async (place) => (await aPending(place), place.findings("pending", { now: NOW + DAY })),
  },
  "weak-tokens": {
    healthy: async (place) => (await aKey(place), place.findings("weak-tokens")),
    faulty: async (place) => {
      const input = { name: "old", token: "changeme123", expiresAt: null, allowWeak: true };
      await place.withKeys((keys) => keys.import(input));
      return place.findings("weak-tokens");
    },
  },
  "api-key": {
    healthy: async (place) => place.findings("api-key", { env: { MCP_API_KEY: await aKey(place) } }),
    faulty: async (place) => place.findings("api-key", { env: { MCP_API_KEY: `"${await aKey(place)}"` } }),
  },
  "server-keys": {
    healthy: async (place) =>
      place.findings("server-keys", { env: { MCP_API_KEYS: await aKey(place) }, config: { store: "env:" } }),
    faulty: async ({ findings }) =>
      findings("server-keys", { env: { MCP_API_KEYSET: "sha256:12" }, config: { store: "env:" } }),
  },
};

function aKeychain(change: Partial<KeychainReport> = {}): KeychainReport {
  const found = { engine: "keyring", package: "@napi-rs/keyring", state: "ready", fault: null } as const;
  return { ...found, service: "mcp-keys-0", path: "/x", orphans: [], missing: [], ...change };
}

describe.each(Object.keys(CASES) as Id[])("%s", (id) => {
  test("passes on a healthy machine and finds a fault", async () => {
    const healthy = await CASES[id].healthy(await aPlace());
    expect(healthy.length).toBeGreaterThan(0);
    for (const each of healthy) expect(each).toMatch(/^pass /);
    const faulty = await CASES[id].faulty(await aPlace());
    expect(
      faulty.some((each) => /^(warn|fail) /.test(each)),
      faulty.join("\n"),
    ).toBe(true);
  });
});

test("requires the same version of Node.js as package.json", async () => {
  const { findings } = await aPlace();
  const [floor = ""] = /[0-9.]+/.exec(manifest.engines.node) ?? [];
  const [major = 0, minor = 0] = floor.split(".").map(Number);
  expect(await findings("node", { node: `v${floor}.0` })).toEqual([`pass Node.js v${floor}.0`]);
  const older = [`v${String(major)}.${String(minor - 1)}.9`, `v${String(major - 1)}.99.0`];
  for (const node of older)
    expect((await findings("node", { node }))[0]).toMatch(
      /^fail .* is too old; mcp-keys needs Node.js [0-9.]+ or later$/,
    );
  for (const node of ["v21.0.0", "v26.10.0", "v20.20.2"])
    expect((await findings("node", { node }))[0]).toMatch(/^pass/);
});

describe("the store", () => {
  test("does not fail before it exists, whether its folder exists or not", async () => {
    const place = await aPlace();
    for (const store of [place.spec, `file:${join(place.folder, "a", "b", "keys.jsonl")}`]) {
      const { ok, exit, findings } = await place.report({ config: { store } });
      expect({ ok, exit }).toEqual({ ok: true, exit: 0 });
      expect(findings.find(({ id }) => id === "store")).toMatchObject({ status: "info", fix: "mcp-keys generate" });
    }
  });

  test("names the missing variable if there is no home folder", async () => {
    const { exit, findings } = await (
      await aPlace()
    ).report({ config: { store: "file:~/keys.jsonl", chosenBy: "default" } });
    expect(exit).toBe(6);
    expect(findings.find(({ id }) => id === "store")).toMatchObject({
      status: "fail",
      observed: expect.stringContaining("HOME"),
    });
  });

  test("reports the line at which it was altered", async () => {
    const place = await aPlace();
    await aKey(place);
    await writeFile(place.path, (await readFile(place.path, "utf8")).replace('"name":"ci"', '"name":"CI"'));
    const { exit, findings } = await place.report();
    expect(exit).toBe(6);
    expect(findings.filter(({ status }) => status === "fail")).toMatchObject([
      { id: "store", observed: expect.stringContaining("line 2"), fix: expect.stringContaining("backup") },
    ]);
  });

  test.each([
    [true, /on a read-only disk$/, /^mount the disk for writing/],
    [false, /which cannot be written$/, /^see who can write to it: ls -l \/srv\/keys.jsonl$/],
  ])("warns about a store that cannot be written; a read-only disk: %s", async (isDiskReadOnly, observed, fix) => {
    const context = {
      storedKeys: async () => ({ store: { spec: "file:/srv/keys.jsonl", path: "/srv/keys.jsonl" }, keys: [] }),
      files: async () => ({ journal: {}, writable: false, isDiskReadOnly }),
      config: { store: "file:/srv/keys.jsonl", chosenBy: "flag" },
    } as unknown as DiagnosticContext;
    const [found] = await storeDiagnostic.run(context);
    expect(found).toMatchObject({ status: "warn", observed: expect.stringMatching(observed) });
    expect(found?.fix).toMatch(fix);
  });

  test("warns about env: without keys and about memory:", async () => {
    const { findings } = await aPlace();
    expect((await findings("store", { config: { store: "env:" } }))[0]).toMatch(/^warn 0 keys in env:.*refused/);
    expect((await findings("store", { config: { store: "memory:" } }))[0]).toMatch(/^warn .*keeps nothing/);
  });

  test("says where its keys moved after an unfinished migration", async () => {
    expect((await CASES.history.faulty(await aPlace()))[0]).toMatch(
      /^fail the store was closed by a migration: its keys moved to file:\/new/,
    );
  });
});

describe.skipIf(process.getuid?.() === undefined)("permissions", () => {
  test.each<[what: string, break_: (place: Place) => Promise<unknown>, wanted: RegExp]>([
    [
      "a file that others can read",
      ({ path }) => chmod(path, 0o640),
      /^fail other users can access .*keys.jsonl \(0640\)/,
    ],
    [
      "a folder that others can write",
      ({ folder }) => chmod(folder, 0o770),
      /^fail other users can access the folder .* \(0770\)/,
    ],
    [
      "a link",
      async ({ path }) => (await rename(path, `${path}.real`), symlink(`${path}.real`, path)),
      /^fail .*symbolic link/,
    ],
    [
      "a folder instead of the file",
      async ({ path }) => (await rename(path, `${path}.x`), mkdir(path)),
      /^fail .* is a folder/,
    ],
    [
      "last-used times",
      ({ path }) => writeFile(`${path}.used.0123456789abcdef`, "", { mode: 0o644 }),
      /^warn other users can access .*used.0123456789abcdef /,
    ],
    [
      "a checkpoint",
      ({ path }) => writeFile(`${path}.checkpoint`, "", { mode: 0o644 }),
      /^warn other users can access .*checkpoint /,
    ],
    [
      "a file that only looks like last-used times",
      ({ path }) => writeFile(`${path}.used.bak`, "", { mode: 0o600 }),
      /^warn .*used.bak is not a file of the store: it is ignored/,
    ],
    [
      "a folder in the place of last-used times",
      ({ path }) => mkdir(`${path}.used.0123456789abcdef`),
      /^warn .*used.0123456789abcdef is a folder: it is ignored/,
    ],
  ])("%s", async (_, break_, wanted) => {
    const place = await aPlace();
    await aKey(place);
    await break_(place);
    expect((await place.findings("files")).find((each) => !each.startsWith("pass"))).toMatch(wanted);
  });

  test("does not advise to change the mode of a file that is not a journal", async () => {
    const place = await aPlace();
    await writeFile(place.path, "root:x:0:0:root:/root:/bin/sh\n", { mode: 0o644 });
    const found = await place.findings("files");
    expect(found[0]).toMatch(/^fail .*keys.jsonl does not look like a key store/);
    expect(found[0]).not.toContain("chmod");
  });

  test("warns about a parent folder that others can write, unless it is sticky", async () => {
    const place = await aPlace();
    const above = join(place.folder, "above");
    const folder = join(above, "own");
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const config = { store: `file:${join(folder, "keys.jsonl")}` };
    await chmod(above, 0o777);
    expect((await place.findings("files", { config }))[0]).toMatch(
      /^warn other users can write to the parent folder .*above /,
    );
    await chmod(above, 0o1777);
    expect(await place.findings("files", { config })).toEqual([]);
  });

  test("the data folder must be closed to others altogether, any other folder only to writers", async () => {
    const place = await aPlace();
    const data = join(place.folder, "data");
    await mkdir(data, { mode: 0o755 });
    expect((await place.findings("files", { config: { store: "file:" } }))[0]).toMatch(
      /^fail other users can access the folder .*data \(0755\)/,
    );
    expect(await place.findings("files", { config: { store: `file:${join(data, "keys.jsonl")}` } })).toEqual([]);
  });
});

test("an incomplete file is a leftover only after an hour", async () => {
  const place = await aPlace();
  await aKey(place);
  const draft = `${place.path}.used.0123456789abcdef.tmp`;
  await writeFile(draft, "", { mode: 0o600 });
  for (const [age, wanted] of [
    [60, /^info .* is being written/],
    [2 * 3_600, /^warn .* is incomplete/],
  ] as const) {
    await utimes(draft, NOW - age, NOW - age);
    expect((await place.findings("leftovers"))[0]).toMatch(wanted);
  }
});

test("never advises to remove a replacement while the store cannot be read: it may be the only copy of the keys", async () => {
  const place = await aPlace();
  await aKey(place);
  const left = `${place.path}.0123456789ab.next`;
  await writeFile(left, "", { mode: 0o600 });
  await utimes(left, NOW - 2 * DAY, NOW - 2 * DAY);
  const fixes = async () =>
    (await place.report()).findings.filter(({ id }) => id === "leftovers").map((found) => "fix" in found && found.fix);
  expect(await fixes()).toEqual([`rm ${left}`]);
  await chmod(place.path, 0o666);
  expect(await fixes()).toEqual([`see what it is: ls -ld ${left}`]);
});

test("warns about a pending version once no rotation can be in progress, with the fix", async () => {
  const place = await aPlace();
  await aPending(place);
  expect((await place.findings("pending"))[0]).toMatch(
    /^info version 1 of half has been pending since .* may be in progress/,
  );
  const about = async () => (await place.report({ now: NOW + DAY })).findings.find(({ id }) => id === "pending");
  expect(await about()).toMatchObject({
    status: "warn",
    fix: "finish it with the same flags as before: mcp-keys rotate half",
  });
  await aKey(place);
  await place.withKeys((keys) =>
    keys.rotate("ci", { deliver: () => Promise.reject(new Error("killed")) }).catch(() => undefined),
  );
  const found = (await place.report({ now: NOW + DAY })).findings.filter(({ id }) => id === "pending");
  expect(found.map(({ fix }) => fix)).toContain(
    "finish it with the same flags as before: mcp-keys rotate ci, or discard it with: mcp-keys rotate ci --abort",
  );
  await place.withKeys((keys) => keys.disable("half"));
  expect((await place.findings("pending", { now: NOW + DAY })).join()).not.toContain("half");
});

test.each([0, 5e9])("fails if the clock shows %d", async (now) => {
  const { exit, findings } = await (await aPlace()).report({ now });
  expect(exit).toBe(2);
  expect(findings.find(({ id }) => id === "clock")).toMatchObject({ status: "fail" });
});

test("reports missing digests and orphans in a keychain", () => {
  const report = aKeychain({ missing: [{ id: "7Fq2x9Lm0aBc", name: "ci", n: 2 }], orphans: ["a", "b"] });
  expect(judgeKeychain(report)).toMatchObject([
    { status: "pass" },
    { status: "fail", observed: expect.stringContaining("version 2 of ci"), fix: "mcp-keys rotate ci" },
    { status: "warn", observed: expect.stringContaining("2 items"), fix: "mcp-keys doctor --remove-orphans" },
  ]);
});
