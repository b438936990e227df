import { chmod } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { parsePeppers } from "../../src/core/digest.ts";
import { toKeyset } from "../../src/core/keyset/keyset.ts";
import { aKey as storedKey } from "../fakes.ts";
import { aKey, aPlace, DAY, NOW } from "./context.ts";

const PEPPER = `p1:${"k".repeat(32)}`;

describe("MCP_API_KEY", () => {
  test.each<[what: string, value: (token: string) => string, wanted: RegExp]>([
    ["in quotes", (token) => `"${token}"`, /^fail .* is in quotes/],
    ["with a scheme", (token) => `Bearer ${token}`, /^fail .* starts with `Bearer`/],
    ["with a leading space", (token) => ` ${token}`, /^fail .* space or a line break/],
    ["with a trailing newline", (token) => `${token}\n`, /^fail .* space or a line break/],
    ["with a trailing carriage return", (token) => `${token}\r`, /^fail .* space or a line break/],
    [
      "with a line break inside",
      (token) => `${token.slice(0, 30)}\r\n${token.slice(30)}`,
      /^fail .* contains a space or a line break/,
    ],
    ["an unexpanded variable", () => "${MCP_API_KEY}", /^fail .* unexpanded variable/],
    ["an unexpanded VS Code variable", () => "${env:MCP_API_KEY}", /^fail .* unexpanded variable/],
    ["an unexpanded Windows variable", () => "%MCP_API_KEY%", /^fail .* unexpanded variable/],
    ["cut short", (token) => token.slice(0, -3), /^fail .* mistyped or cut short/],
    [
      "with a wrong character",
      (token) => `${token.slice(0, -1)}${token.endsWith("0") ? "1" : "0"}`,
      /^fail .* mistyped/,
    ],
    ["a guessable token", () => "password123", /^fail .* can be guessed/],
    [
      "a token in another format",
      () => "9f8b1c0e7d6a5b4c3d2e1f0a9b8c7d6e5f4a3b2c",
      /^warn .* is not an mcp-keys token and is unknown/,
    ],
    ["empty", () => "", /^info .* empty/],
  ])("%s", async (_, value, wanted) => {
    const place = await aPlace();
    const [found = ""] = await place.findings("api-key", { env: { MCP_API_KEY: value(await aKey(place)) } });
    expect(found).toMatch(wanted);
  });

  test("reports a token of this store as expired, revoked, disabled, expiring, replaced or never expiring", async () => {
    const place = await aPlace();
    const [ci, soon, never] = [await aKey(place), await aKey(place, "soon", 5 * DAY), await aKey(place, "never", null)];
    const about = async (token: string, now = NOW) =>
      (await place.findings("api-key", { env: { MCP_API_KEY: token }, now }))[0];
    expect(await about(ci)).toMatch(/^pass .* is version 1 of ci and works for another 90d/);
    expect(await about(never)).toMatch(/^pass .* never expires/);
    expect(await about(soon)).toMatch(/^warn .* works for another 5d/);
    expect(await about(soon, NOW + 6 * DAY)).toMatch(/^fail .* version 1 of soon, which is refused: expired/);
    await place.withKeys((keys) => keys.disable("ci"));
    expect(await about(ci)).toMatch(/^fail .* refused: disabled/);
    await place.withKeys(async (keys) => {
      await keys.enable("ci");
      await keys.rotate("ci", { deliver: async () => undefined });
    });
    expect(await about(ci)).toMatch(/^warn .* works for another 24h: it was replaced/);
    await place.withKeys((keys) => keys.revoke("ci", { reason: "compromised" }));
    expect(await about(ci)).toMatch(/^fail .* refused: revoked/);
  });

  test("names the version to use for an ended token, and takes over the name of a revoked key", async () => {
    const place = await aPlace();
    const env = { MCP_API_KEY: await aKey(place) };
    const fix = async () => (await place.report({ env })).findings.find(({ id }) => id === "api-key")?.fix;
    await place.withKeys((keys) => keys.rotate("ci", { deliver: async () => undefined, overlap: 0 }));
    expect(await fix()).toBe("set MCP_API_KEY to the token of version 2; if it is lost: mcp-keys rotate ci");
    await place.withKeys((keys) => keys.revoke("ci"));
    expect(await fix()).toBe("mcp-keys generate ci --replace");
  });

  test("warns about a token of another store, and gives no verdict if the store cannot be read", async () => {
    const [here, there] = [await aPlace(), await aPlace()];
    const env = { MCP_API_KEY: await aKey(there) };
    await aKey(here);
    expect(await here.findings("api-key", { env })).toEqual([
      "warn MCP_API_KEY looks like a token, but is unknown to this store",
    ]);
    await chmod(here.path, 0o644);
    expect((await here.findings("api-key", { env }))[0]).toMatch(/^info .* the store cannot be read/);
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
    [" file:/srv/keys.jsonl", /^fail .* space/],
    ["file:/srv/keys.jsonl\r", /^fail .* line break/],
    ['"file:/srv/keys.jsonl"', /^fail .* quotes/],
    ["file:${HOME}/keys.jsonl", /^fail .* unexpanded variable/],
    ["$KEYS", /^fail .* unexpanded variable/],
    ["/srv/keys.jsonl", /^fail .* scheme and a colon/],
    ["postgres://ada@host/db", /^pass MCP_KEYS_STORE selects postgres:$/],
    ["postgres://ada:s3cret@host/db", /^fail .* contains a password/],
    ["postgres://ada@host/db?password=s3cret", /^fail .* contains a password/],
    ["mysql://ada:s3cret@host/db", /^fail .* no store mysql:$/],
  ])("%o", async (value, wanted) => {
    const { report } = await aPlace();
    const { findings } = await report({ env: { MCP_KEYS_STORE: value }, config: { chosenBy: "variable" } });
    const [found] = findings.filter(({ id }) => id === "store-variable");
    expect(`${found?.status ?? ""} ${found?.observed ?? ""}`).toMatch(wanted ?? /^ $/);
    expect(JSON.stringify(findings)).not.toContain("s3cret");
  });

  test("does not fail if --store selects another store", async () => {
    const { findings } = await aPlace();
    expect((await findings("store-variable", { env: { MCP_KEYS_STORE: "nowhere:" } }))[0]).toMatch(/^warn/);
    expect((await findings("store-variable", { env: { MCP_KEYS_STORE: "env:" } }))[0]).toMatch(
      /^info .* --store selects another/,
    );
    expect(await findings("store-variable")).toEqual([]);
  });
});

const KEYSET = JSON.stringify(
  toKeyset([storedKey()], { store: "file:/k", seq: 1, epoch: "first", now: NOW, names: true }),
);

test("reports unused server keys, and a mistake in each variable", async () => {
  const place = await aPlace();
  const env = { MCP_API_KEYS: `${await aKey(place)},abc`, MCP_API_KEYSET: KEYSET };
  expect(await place.findings("server-keys", { env })).toEqual([
    expect.stringMatching(/^warn .*entry 2 of MCP_API_KEYS/),
    expect.stringMatching(/^info MCP_API_KEYSET has 1 key, but is not used/),
  ]);
  const { exit } = await place.report({ env, config: { store: "env:" } });
  expect(exit).toBe(6);
});

test("fails for an invalid pepper and for a missing pepper", async () => {
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
    /^pass .* p2 p1; no version needs another$/,
  );
  await place.withKeys((keys) => keys.disable("ci"), parsePeppers(PEPPER));
  expect(await place.findings("pepper")).toEqual([]);
  await place.withKeys((keys) => keys.revoke("ci"), parsePeppers(PEPPER));
  expect((await place.findings("pepper", { env: { MCP_KEYS_PEPPER: `${other},${PEPPER}` } }))[0]).toMatch(
    /none needs p1$/,
  );
});
