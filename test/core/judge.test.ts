import { expect, test } from "vitest";
import { type Demand, isUsable, judge, type Reason } from "../../src/core/judge.ts";
import type { Version } from "../../src/core/key.ts";
import { aKey, aVersion } from "../fakes.ts";

const NOW = 1_000_000;

const states: [string, Partial<Version>, Reason | null][] = [
  ["pending", { state: "pending" }, null],
  ["current", { state: "current" }, null],
  ["retiring, before its time", { state: "retiring", retiresAt: NOW + 1 }, null],
  ["retiring, at its time", { state: "retiring", retiresAt: NOW }, "expired"],
  ["retired", { state: "retired", retiresAt: NOW - 1 }, "expired"],
  ["revoked", { state: "revoked", reason: "other" }, "revoked"],
  ["a second before it expires", { expiresAt: NOW + 1 }, null],
  ["at the second it expires", { expiresAt: NOW }, "expired"],
];

test.each(states)("a version that is %s", (_, change, reason) => {
  const version = aVersion(change);
  const verdict = judge(aKey({ versions: [version] }), version, { now: NOW });
  expect(verdict.ok ? null : verdict.reason).toBe(reason);
  expect(isUsable(version, NOW)).toBe(reason === null);
});

const demands: [string, Parameters<typeof aKey>[0], Partial<Demand>, Reason | null][] = [
  ["a disabled key", { enabled: false }, {}, "disabled"],
  ["a scope it has", { scopes: ["a", "b"] }, { scopes: ["a"] }, null],
  ["a scope it lacks", { scopes: ["a"] }, { scopes: ["a", "b"] }, "insufficient-scope"],
  ["no scope asked of a key without any", {}, { scopes: [] }, null],
  ["a server it is for", { audience: ["https://a/mcp"] }, { audience: "https://a/mcp" }, null],
  ["another server", { audience: ["https://a/mcp"] }, { audience: "https://b/mcp" }, "wrong-audience"],
  ["any server, when it is bound to none", {}, { audience: "https://b/mcp" }, null],
  ["a server that was not told its URL", { audience: ["https://a/mcp"] }, { audience: null }, "wrong-audience"],
  ["a server that was not told its URL, when it is bound to none", {}, { audience: null }, null],
  ["a store that is not asked about servers", { audience: ["https://a/mcp"] }, {}, null],
];

test.each(demands)("%s", (_, change, demand, reason) => {
  const key = aKey(change);
  const [version] = key.versions;
  if (version === undefined) throw new Error("a key has a version");
  const verdict = judge(key, version, { now: NOW, ...demand });
  expect(verdict.ok ? null : verdict.reason).toBe(reason);
});

test("what is wrong with the key is told before what is wrong with the request", () => {
  const version = aVersion({ state: "revoked", expiresAt: 1 });
  const key = aKey({ enabled: false, audience: ["https://a"], versions: [version] });
  expect(judge(key, version, { now: NOW, audience: "https://b", scopes: ["x"] })).toMatchObject({ reason: "revoked" });
});
