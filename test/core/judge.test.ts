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

test.each(states)("judges a version that is %s", (_, change, reason) => {
  const version = aVersion(change);
  const verdict = judge(aKey({ versions: [version] }), version, { now: NOW });
  expect(verdict.ok ? null : verdict.reason).toBe(reason);
  expect(isUsable(version, NOW)).toBe(reason === null);
});

const demands: [string, Parameters<typeof aKey>[0], Partial<Demand>, Reason | null][] = [
  ["a disabled key", { enabled: false }, {}, "disabled"],
  ["a scope it has", { scopes: ["a", "b"] }, { scopes: ["a"] }, null],
  ["a scope it lacks", { scopes: ["a"] }, { scopes: ["a", "b"] }, "insufficient-scope"],
  ["no required scope", {}, { scopes: [] }, null],
  ["a server in its audience", { audience: ["https://a/mcp"] }, { audience: "https://a/mcp" }, null],
  ["another server", { audience: ["https://a/mcp"] }, { audience: "https://b/mcp" }, "wrong-audience"],
  ["any server, without an audience", {}, { audience: "https://b/mcp" }, null],
  ["a server that does not know its URL", { audience: ["https://a/mcp"] }, { audience: null }, "wrong-audience"],
  ["a server that does not know its URL, without an audience", {}, { audience: null }, null],
  ["a check without a server", { audience: ["https://a/mcp"] }, {}, null],
];

test.each(demands)("judges %s", (_, change, demand, reason) => {
  const key = aKey(change);
  const [version] = key.versions;
  if (version === undefined) throw new Error("the key has no version");
  const verdict = judge(key, version, { now: NOW, ...demand });
  expect(verdict.ok ? null : verdict.reason).toBe(reason);
});

test("a reason about the key comes before a reason about the request", () => {
  const version = aVersion({ state: "revoked", expiresAt: 1 });
  const key = aKey({ enabled: false, audience: ["https://a"], versions: [version] });
  expect(judge(key, version, { now: NOW, audience: "https://b", scopes: ["x"] })).toMatchObject({ reason: "revoked" });
});
