import { chmod, mkdir, readFile, rename, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { parsePeppers } from "../../src/core/digest.ts";
import { judgeKeychain } from "../../src/doctor/diagnostics/keychain.ts";
import type { diagnostics } from "../../src/doctor/index.ts";
import { KeysError } from "../../src/errors.ts";
import { openStore } from "../../src/stores/index.ts";
import type { KeychainReport } from "../../src/stores/keychain/inspect.ts";
import { aWorld } from "../stores/place.ts";
import { aPlace, NOW } from "./context.ts";

type Place = Awaited<ReturnType<typeof aPlace>>;
type Id = keyof typeof diagnostics;

const DAY = 86_400;
const PEPPER = `p1:${"k".repeat(32)}`;

async function aKey(place: Place, name = "ci", expiresIn: number | null = 90 * DAY): Promise<string> {
  const expiresAt = expiresIn === null ? null : NOW + expiresIn;
  return place.withKeys(async (keys) => (await keys.generate({ name, expiresAt })).token.reveal());
}

/** A generation that was killed before its token arrived. */
async function aPending(place: Place): Promise<void> {
  const deliver = () => Promise.reject(new Error("killed"));
  await place.withKeys((keys) => keys.generate({ name: "half", expiresAt: null, deliver }).catch(() => undefined));
}

/** How each examination is seen to find nothing wrong, and something. The compiler asks for a line when there is another. */
const SEEN: Readonly<
  Record<Id, { well: (place: Place) => Promise<string[]>; ill: (place: Place) => Promise<string[]> }>
> = {
  node: {
    well: ({ findings }) => findings("node", { node: "v20.17.0" }),
    ill: ({ findings }) => findings("node", { node: "v20.16.9" }),
  },
  clock: {
    well: async (place) => (await aKey(place), place.findings("clock")),
    ill: async (place) => (await aKey(place), place.findings("clock", { now: NOW - DAY })),
  },
  "store-variable": {
    well: ({ findings, spec }) =>
      findings("store-variable", { env: { MCP_KEYS_STORE: spec }, config: { chosenBy: "variable" } }),
    ill: ({ findings }) =>
      findings("store-variable", { env: { MCP_KEYS_STORE: "/srv/keys" }, config: { chosenBy: "variable" } }),
  },
  store: {
    well: async (place) => (await aKey(place), place.findings("store")),
    ill: async (place) => (await aKey(place), await chmod(place.path, 0o644), place.findings("store")),
  },
  files: {
    well: async (place) => (await aKey(place), place.findings("files")),
    ill: async (place) => (await aKey(place), await chmod(place.path, 0o644), place.findings("files")),
  },
  history: {
    well: async (place) => (await aKey(place), place.findings("history")),
    ill: async (place) => {
      await aKey(place);
      const store = await openStore(place.spec, aWorld());
      const crash = { seq: 1, at: NOW, by: "x", detail: "to file:/new" };
      await mkdir(`${place.path}.checkpoint`);
      await store.remove?.(crash).catch(() => undefined);
      await store.close();
      return place.findings("history");
    },
  },
  keychain: {
    well: async () => judgeKeychain(aKeychain()).map(({ status, observed }) => `${status} ${observed}`),
    ill: async () =>
      judgeKeychain(aKeychain({ state: "locked", fault: new KeysError("STORE_LOCKED", "it is locked") })).map(
        ({ status, observed }) => `${status} ${observed}`,
      ),
  },
  pepper: {
    well: ({ findings }) => findings("pepper", { env: { MCP_KEYS_PEPPER: PEPPER } }),
    ill: async (place) => {
      await place.withKeys((keys) => keys.generate({ name: "ci", expiresAt: null }), parsePeppers(PEPPER));
      return place.findings("pepper");
    },
  },
  leftovers: {
    well: async (place) => (await aKey(place), place.findings("leftovers")),
    ill: async (place) => {
      await aKey(place);
      const left = `${place.path}.0123456789ab.next`;
      await writeFile(left, "", { mode: 0o600 });
      await utimes(left, NOW - 2 * DAY, NOW - 2 * DAY);
      return place.findings("leftovers");
    },
  },
  pending: {
    well: async (place) => (await aKey(place), place.findings("pending")),
    ill: async (place) => (await aPending(place), place.findings("pending", { now: NOW + DAY })),
  },
  "api-key": {
    well: async (place) => place.findings("api-key", { env: { MCP_API_KEY: await aKey(place) } }),
    ill: async (place) => place.findings("api-key", { env: { MCP_API_KEY: `"${await aKey(place)}"` } }),
  },
  "server-keys": {
    well: async (place) =>
      place.findings("server-keys", { env: { MCP_API_KEYS: await aKey(place) }, config: { store: "env:" } }),
    ill: async ({ findings }) =>
      findings("server-keys", { env: { MCP_API_KEY_HASHES: "sha256:12" }, config: { store: "env:" } }),
  },
};

function aKeychain(change: Partial<KeychainReport> = {}): KeychainReport {
  const found = { engine: "keyring", package: "@napi-rs/keyring", state: "ready", fault: null } as const;
  return { ...found, service: "mcp-keys-0", path: "/x", orphans: [], missing: [], ...change };
}

describe.each(Object.keys(SEEN) as Id[])("%s", (id) => {
  test("is seen to pass, and to find something", async () => {
    const well = await SEEN[id].well(await aPlace());
    expect(well.length).toBeGreaterThan(0);
    for (const each of well) expect(each).toMatch(/^pass /);
    const ill = await SEEN[id].ill(await aPlace());
    expect(
      ill.some((each) => /^(warn|fail) /.test(each)),
      ill.join("\n"),
    ).toBe(true);
  });
});

test("the version of Node.js that is asked for is that of the package", async () => {
  const { findings } = await aPlace();
  const [floor = ""] = /[0-9.]+/.exec(manifest.engines.node) ?? [];
  const [major = 0, minor = 0] = floor.split(".").map(Number);
  expect(await findings("node", { node: `v${floor}.0` })).toEqual([`pass Node.js v${floor}.0`]);
  const older = [`v${String(major)}.${String(minor - 1)}.9`, `v${String(major - 1)}.99.0`];
  for (const node of older) expect((await findings("node", { node }))[0]).toMatch(/^fail .* is needed$/);
  for (const node of ["v21.0.0", "v26.10.0", "v20.20.2"])
    expect((await findings("node", { node }))[0]).toMatch(/^pass/);
});

describe("MCP_API_KEY", () => {
  test.each<[what: string, value: (token: string) => string, wanted: RegExp]>([
    ["in quotes", (token) => `"${token}"`, /^fail .* is in quotes/],
    ["with a scheme", (token) => `Bearer ${token}`, /^fail .* begins with `Bearer`/],
    ["with a blank before it", (token) => ` ${token}`, /^fail .* blank or a line break/],
    ["with the end of a line", (token) => `${token}\n`, /^fail .* blank or a line break/],
    ["with the end of a line of Windows", (token) => `${token}\r`, /^fail .* blank or a line break/],
    ["with a break in it", (token) => `${token.slice(0, 30)}\r\n${token.slice(30)}`, /^fail .* line break in it/],
    ["not expanded", () => "${MCP_API_KEY}", /^fail .* nobody expanded/],
    ["not expanded, in the way of VS Code", () => "${env:MCP_API_KEY}", /^fail .* nobody expanded/],
    ["not expanded, in the way of Windows", () => "%MCP_API_KEY%", /^fail .* nobody expanded/],
    ["cut short", (token) => token.slice(0, -3), /^fail .* mistyped or cut short/],
    ["with another letter", (token) => `${token.slice(0, -1)}${token.endsWith("0") ? "1" : "0"}`, /^fail .* mistyped/],
    ["that can be guessed", () => "password123", /^fail .* can be guessed/],
    ["of somebody else's making", () => "9f8b1c0e7d6a5b4c3d2e1f0a9b8c7d6e5f4a3b2c", /^warn .* no token of mcp-keys/],
    ["empty", () => "", /^info .* empty/],
  ])("%s", async (_, value, wanted) => {
    const place = await aPlace();
    const [found = ""] = await place.findings("api-key", { env: { MCP_API_KEY: value(await aKey(place)) } });
    expect(found).toMatch(wanted);
  });

  test("of this store: expired, revoked, disabled, soon to end, replaced, without an end", async () => {
    const place = await aPlace();
    const [ci, soon, never] = [await aKey(place), await aKey(place, "soon", 5 * DAY), await aKey(place, "never", null)];
    const about = async (token: string, now = NOW) =>
      (await place.findings("api-key", { env: { MCP_API_KEY: token }, now }))[0];
    expect(await about(ci)).toMatch(/^pass .* token of ci, version 1, which works for 90d more/);
    expect(await about(never)).toMatch(/^pass .* never expires/);
    expect(await about(soon)).toMatch(/^warn .* works for 5d more/);
    expect(await about(soon, NOW + 6 * DAY)).toMatch(/^fail .* version 1, which is refused: expired/);
    await place.withKeys((keys) => keys.disable("ci"));
    expect(await about(ci)).toMatch(/^fail .* refused: disabled/);
    await place.withKeys(async (keys) => {
      await keys.enable("ci");
      await keys.rotate("ci", { deliver: async () => undefined });
    });
    expect(await about(ci)).toMatch(/^warn .* works for 24h more: it was replaced/);
    await place.withKeys((keys) => keys.revoke("ci", { reason: "compromised" }));
    expect(await about(ci)).toMatch(/^fail .* refused: revoked/);
  });

  test("of another store is no failure, and a store that cannot be asked says nothing about it", async () => {
    const [here, there] = [await aPlace(), await aPlace()];
    const env = { MCP_API_KEY: await aKey(there) };
    await aKey(here);
    expect(await here.findings("api-key", { env })).toEqual([
      "warn MCP_API_KEY has the form of a token, and is unknown to this store",
    ]);
    await chmod(here.path, 0o644);
    expect((await here.findings("api-key", { env }))[0]).toMatch(/^info .* could not be asked/);
    expect((await here.report({ env })).exit).toBe(6);
  });
});

describe("MCP_KEYS_STORE", () => {
  test.each<[value: string, wanted: RegExp | null]>([
    ["file:", /^pass/],
    ["keychain:", /^pass/],
    ["file:~/keys.jsonl", /^pass/],
    ["  ", /^info .* empty/],
    ["file:keys.jsonl", /^warn .* relative/],
    ["file:./keys.jsonl", /^warn .* relative/],
    [" file:/srv/keys.jsonl", /^fail .* blank/],
    ["file:/srv/keys.jsonl\r", /^fail .* line break/],
    ['"file:/srv/keys.jsonl"', /^fail .* quotes/],
    ["file:${HOME}/keys.jsonl", /^fail .* nobody expanded/],
    ["$KEYS", /^fail .* nobody expanded/],
    ["/srv/keys.jsonl", /^fail .* kind and a colon/],
    ["postgres://ada:s3cret@host/db", /^fail .* no store postgres:$/],
  ])("%o", async (value, wanted) => {
    const { report } = await aPlace();
    const { findings } = await report({ env: { MCP_KEYS_STORE: value }, config: { chosenBy: "variable" } });
    const [found] = findings.filter(({ id }) => id === "store-variable");
    expect(`${found?.status ?? ""} ${found?.observed ?? ""}`).toMatch(wanted ?? /^ $/);
    expect(JSON.stringify(findings)).not.toContain("s3cret");
  });

  test("is no failure where --store names another one", async () => {
    const { findings } = await aPlace();
    expect((await findings("store-variable", { env: { MCP_KEYS_STORE: "nowhere:" } }))[0]).toMatch(/^warn/);
    expect((await findings("store-variable", { env: { MCP_KEYS_STORE: "env:" } }))[0]).toMatch(
      /^info .* --store another/,
    );
    expect(await findings("store-variable")).toEqual([]);
  });
});

describe("the store", () => {
  test("that is not there yet is no failure, in a folder that is there or not", async () => {
    const place = await aPlace();
    for (const store of [place.spec, `file:${join(place.folder, "a", "b", "keys.jsonl")}`]) {
      const { ok, exit, findings } = await place.report({ config: { store } });
      expect({ ok, exit }).toEqual({ ok: true, exit: 0 });
      expect(findings.find(({ id }) => id === "store")).toMatchObject({ status: "info", fix: "mcp-keys generate" });
    }
  });

  test("without a home names what is missing", async () => {
    const { exit, findings } = await (
      await aPlace()
    ).report({ config: { store: "file:~/keys.jsonl", chosenBy: "default" } });
    expect(exit).toBe(6);
    expect(findings.find(({ id }) => id === "store")).toMatchObject({
      status: "fail",
      observed: expect.stringContaining("HOME"),
    });
  });

  test("that was altered is named with its line", async () => {
    const place = await aPlace();
    await aKey(place);
    await writeFile(place.path, (await readFile(place.path, "utf8")).replace('"name":"ci"', '"name":"CI"'));
    const { exit, findings } = await place.report();
    expect(exit).toBe(6);
    expect(findings.filter(({ status }) => status === "fail")).toMatchObject([
      { id: "store", observed: expect.stringContaining("line 2"), fix: expect.stringContaining("backup") },
    ]);
  });

  test("in the environment without keys, and in memory, is to be mended", async () => {
    const { findings } = await aPlace();
    expect((await findings("store", { config: { store: "env:" } }))[0]).toMatch(/^warn 0 keys in env:.*refused/);
    expect((await findings("store", { config: { store: "memory:" } }))[0]).toMatch(/^warn .*nothing is kept/);
  });

  test("that was moved away in part says where it went", async () => {
    expect((await SEEN.history.ill(await aPlace()))[0]).toMatch(
      /^fail the store has ended: its keys were moved to file:\/new/,
    );
  });
});

describe.skipIf(process.getuid?.() === undefined)("owners and modes", () => {
  test.each<[what: string, break_: (place: Place) => Promise<unknown>, wanted: RegExp]>([
    ["a file that others read", ({ path }) => chmod(path, 0o640), /^fail .*keys.jsonl is open to others \(0640\)/],
    [
      "a folder that others write",
      ({ folder }) => chmod(folder, 0o770),
      /^fail the folder .* is open to others \(0770\)/,
    ],
    [
      "a link",
      async ({ path }) => (await rename(path, `${path}.real`), symlink(`${path}.real`, path)),
      /^fail .*symbolic link/,
    ],
    [
      "a folder in its place",
      async ({ path }) => (await rename(path, `${path}.x`), mkdir(path)),
      /^fail .* is a folder/,
    ],
    [
      "last-used times",
      ({ path }) => writeFile(`${path}.used.0`, "", { mode: 0o644 }),
      /^fail .*used.0 is open to others/,
    ],
    ["a mark", ({ path }) => writeFile(`${path}.checkpoint`, "", { mode: 0o644 }), /^warn .*checkpoint is open to others/],
  ])("%s", async (_, break_, wanted) => {
    const place = await aPlace();
    await aKey(place);
    await break_(place);
    expect((await place.findings("files")).find((each) => !each.startsWith("pass"))).toMatch(wanted);
  });

  test("a folder above the store that others can write lets them replace it, unless it is sticky", async () => {
    const place = await aPlace();
    const above = join(place.folder, "above");
    const folder = join(above, "own");
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const config = { store: `file:${join(folder, "keys.jsonl")}` };
    await chmod(above, 0o777);
    expect((await place.findings("files", { config }))[0]).toMatch(
      /^warn .*above, above the store, can be written by others/,
    );
    await chmod(above, 0o1777);
    expect(await place.findings("files", { config })).toEqual([]);
  });

  test("the data folder must be closed altogether, another one only to writers", async () => {
    const place = await aPlace();
    const data = join(place.folder, "data");
    await mkdir(data, { mode: 0o755 });
    expect((await place.findings("files", { config: { store: "file:" } }))[0]).toMatch(
      /^fail .*data is open to others \(0755\)/,
    );
    expect(await place.findings("files", { config: { store: `file:${join(data, "keys.jsonl")}` } })).toEqual([]);
  });
});

test("what is being written is no leftover, and a half written file is one after an hour", async () => {
  const place = await aPlace();
  await aKey(place);
  const draft = `${place.path}.used.0123.tmp`;
  await writeFile(draft, "", { mode: 0o600 });
  for (const [age, wanted] of [
    [60, /^info .* is being written/],
    [2 * 3_600, /^warn .* was not written to its end/],
  ] as const) {
    await utimes(draft, NOW - age, NOW - age);
    expect((await place.findings("leftovers"))[0]).toMatch(wanted);
  }
});

test("a pending version is told once no rotation can be on its way, and how to mend it", async () => {
  const place = await aPlace();
  await aPending(place);
  expect((await place.findings("pending"))[0]).toMatch(/^info version 1 of half is pending since .* may be on its way/);
  const about = async () => (await place.report({ now: NOW + DAY })).findings.find(({ id }) => id === "pending");
  expect(await about()).toMatchObject({ status: "warn", fix: "complete it with: mcp-keys rotate half" });
  await aKey(place);
  await place.withKeys((keys) =>
    keys.rotate("ci", { deliver: () => Promise.reject(new Error("killed")) }).catch(() => undefined),
  );
  const found = (await place.report({ now: NOW + DAY })).findings.filter(({ id }) => id === "pending");
  expect(found.map(({ fix }) => fix)).toContain(
    "complete it with: mcp-keys rotate ci; or give it up with: mcp-keys rotate ci --abort",
  );
  await place.withKeys((keys) => keys.disable("half"));
  expect((await place.findings("pending", { now: NOW + DAY })).join()).not.toContain("half");
});

test.each([0, 5e9])("a clock that says %d is wrong", async (now) => {
  const { exit, findings } = await (await aPlace()).report({ now });
  expect(exit).toBe(2);
  expect(findings.find(({ id }) => id === "clock")).toMatchObject({ status: "fail" });
});

test("keys of a server that nobody reads are said to be so, and what is wrong with each variable is told", async () => {
  const place = await aPlace();
  const env = { MCP_API_KEYS: `${await aKey(place)},abc`, MCP_API_KEY_HASHES: `sha256:${"0".repeat(64)}` };
  expect(await place.findings("server-keys", { env })).toEqual([
    expect.stringMatching(/^warn .*entry 2 of MCP_API_KEYS/),
    expect.stringMatching(/^info MCP_API_KEY_HASHES holds 1 key, which nobody reads/),
  ]);
  const { exit } = await place.report({ env, config: { store: "env:" } });
  expect(exit).toBe(6);
});

test("a pepper that cannot be read, and one that is missing", async () => {
  const place = await aPlace();
  expect((await place.findings("pepper", { env: { MCP_KEYS_PEPPER: "short" } }))[0]).toMatch(
    /^fail MCP_KEYS_PEPPER is not/,
  );
  await place.withKeys((keys) => keys.generate({ name: "ci", expiresAt: null }), parsePeppers(PEPPER));
  expect((await place.findings("pepper"))[0]).toMatch(/^fail 1 version needs the pepper p1/);
  const other = `p2:${"z".repeat(32)}`;
  expect((await place.findings("pepper", { env: { MCP_KEYS_PEPPER: other } }))[0]).toMatch(
    /^fail 1 version needs the pepper p1/,
  );
  expect((await place.findings("pepper", { env: { MCP_KEYS_PEPPER: `${other},${PEPPER}` } }))[0]).toMatch(
    /^pass .* p2 p1/,
  );
});

test("of a keychain: what is lost in it and what is left in it", () => {
  const report = aKeychain({ missing: [{ id: "7Fq2x9Lm0aBc", name: "ci", n: 2 }], orphans: ["a", "b"] });
  expect(judgeKeychain(report)).toMatchObject([
    { status: "pass" },
    { status: "fail", observed: expect.stringContaining("version 2 of ci"), fix: "mcp-keys rotate ci" },
    { status: "warn", observed: expect.stringContaining("2 items"), fix: "mcp-keys doctor --remove-orphans" },
  ]);
});
