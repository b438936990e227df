import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { describeEdit, editKey, parseChanges, type KeyChanges } from "../../src/core/edit.ts";
import { isUsable } from "../../src/core/judge.ts";
import type { Key, Version } from "../../src/core/key.ts";
import { KeysError } from "../../src/errors.ts";
import { RUNS } from "../arbitraries.ts";
import { aKey, aVersion } from "../fakes.ts";

const NOW = 1_800_000_000;
const LATER = NOW + 86_400;

const edit = (key: Key, changes: KeyChanges) => editKey(key, parseChanges(changes, NOW), NOW);
const full = aKey({
  ...{ scopes: ["a", "b"], audience: ["https://one/mcp"], owner: "ada", note: "nightly" },
  ...{ tags: { env: "dev", team: "x" }, versions: [aVersion({ expiresAt: LATER })] },
});

describe("editing a key", () => {
  test.each<[KeyChanges, Partial<Key>, string]>([
    [{ name: "cd" }, { name: "cd" }, "name: ci -> cd"],
    [{ scopes: ["b", "c"] }, { scopes: ["b", "c"] }, "scopes: +c -a"],
    [{ scopes: [] }, { scopes: [] }, "scopes: -a -b"],
    [{ addScopes: ["c", "a"], removeScopes: ["b", "x"] }, { scopes: ["a", "c"] }, "scopes: +c -b"],
    [
      { audience: ["https://Two/mcp/"] },
      { audience: ["https://two/mcp"] },
      "audience: +https://two/mcp -https://one/mcp",
    ],
    [{ owner: "bob" }, { owner: "bob" }, "owner: ada -> bob"],
    [
      { tags: { env: "prod", team: null, new: "1" } },
      { tags: { env: "prod", new: "1" } },
      "tag env: dev -> prod; tag team: x -> none; tag new: none -> 1",
    ],
    [{ expiresAt: null }, { versions: [aVersion()] }, "expiry of version 1: 2027-01-16T08:00:00Z -> never"],
  ])("%j", (changes, expected, detail) => {
    const edited = edit(full, changes)!;
    expect(edited).toEqual({ ...full, ...expected });
    expect(describeEdit(full, edited)).toBe(detail);
  });

  test("removes owner and note with null", () => {
    const { owner: _, note: __, ...bare } = full;
    const edited = edit(full, { owner: null, note: null })!;
    expect(edited).toEqual(bare);
    expect("owner" in edited || "note" in edited).toBe(false);
    expect(describeEdit(full, edited)).toBe("owner: ada -> none; note: nightly -> none");
  });

  test.each<KeyChanges>([
    { name: "ci", scopes: ["b", "a", "b"], owner: "ada", tags: { env: "dev", gone: null }, expiresAt: LATER },
    { addScopes: ["a"], removeScopes: ["x"], audience: ["https://one:443/mcp/"] },
  ])("changes nothing if the key already has these settings: %j", (changes) => {
    expect(edit(full, changes)).toBeNull();
  });

  test.each<[KeyChanges, string]>([
    [{ scopes: ["a"], addScopes: ["b"] }, "USAGE"],
    [{ scopes: ["a"], removeScopes: ["b"] }, "USAGE"],
    [{ addScopes: ["a"], removeScopes: ["a"] }, "USAGE"],
    [{ scopes: ["*"] }, "USAGE"],
    [{ addScopes: ["a b"] }, "USAGE"],
    [{ audience: ["one"] }, "USAGE"],
    [{ name: "-x" }, "USAGE"],
    [{ owner: "" }, "USAGE"],
    [{ note: "a\nb" }, "USAGE"],
    [{ tags: { "a b": "c" } }, "USAGE"],
    [{ tags: { "a b": null } }, "USAGE"],
    [{ tags: { a: "" } }, "USAGE"],
    [{ expiresAt: NOW }, "USAGE"],
    [{ expiresAt: 0 }, "USAGE"],
    [{ note: `mcp_7Fq2x9Lm0aBc_${"aB3".repeat(16)}0` }, "TOKEN_MISPLACED"],
    [{ tags: { a: `ghp_${"aB3".repeat(12)}` } }, "TOKEN_MISPLACED"],
    [{ removeScopes: [`ghp_${"aB3".repeat(12)}`] }, "TOKEN_MISPLACED"],
  ])("refuses %j", (changes, code) => {
    expect(() => edit(full, changes)).toThrow(expect.objectContaining({ code }));
  });

  test("a long description is cut off, and an old value that contains a token is masked", () => {
    const token = `mcp_7Fq2x9Lm0aBc_${"aB3".repeat(16)}0`;
    const many = Array.from({ length: 400 }, (_, i) => `scope-${String(i)}`);
    expect(describeEdit(full, edit(full, { scopes: many })!)).toMatch(/^scopes: \+scope-0 .*…$/);
    expect(describeEdit(full, edit(full, { scopes: many })!)).toHaveLength(1024);
    expect(describeEdit({ ...full, note: token }, edit(full, { note: "x" })!)).toBe("note: [secret] -> x");
  });
});

describe("the expiry", () => {
  const states = (versions: Version[], expiresAt: number | null) =>
    edit(aKey({ versions }), { expiresAt })?.versions.map((each) => each.expiresAt);

  test("changes for the current and the pending version", () => {
    const versions = [aVersion({ expiresAt: NOW + 5 }), aVersion({ n: 2, state: "pending", expiresAt: null })];
    expect(states(versions, LATER)).toEqual([LATER, LATER]);
  });

  test("of a version in its overlap moves forward only", () => {
    const retiring = aVersion({ state: "retiring", retiresAt: LATER + 9, expiresAt: NOW + 50 });
    const current = aVersion({ n: 2, expiresAt: null });
    expect(states([retiring, current], NOW + 20)).toEqual([NOW + 20, NOW + 20]);
    expect(states([retiring, current], LATER)).toEqual([NOW + 50, LATER]);
    expect(
      states(
        [
          { ...retiring, expiresAt: null },
          { ...current, expiresAt: LATER },
        ],
        null,
      ),
    ).toEqual([null, null]);
  });

  test.each<[string, Partial<Version>]>([
    ["has expired", { expiresAt: NOW }],
    ["was retired", { state: "retired", retiresAt: NOW - 5 }],
    ["ended with its overlap", { state: "retiring", retiresAt: NOW }],
    ["is about to end with its overlap", { state: "retiring", retiresAt: NOW + 5 }],
    ["is pending and has expired", { state: "pending", expiresAt: NOW - 1 }],
  ])("of a key whose only version %s cannot change", (_, version) => {
    const key = aKey({ versions: [aVersion(version)] });
    expect(() => edit(key, { expiresAt: LATER })).toThrow(expect.objectContaining({ code: "KEY_NOT_ACTIVE" }));
    expect(edit(key, { owner: "ada" })).toMatchObject({ owner: "ada", versions: key.versions });
  });

  test("no edit changes a revoked key", () => {
    const key = aKey({ versions: [aVersion({ state: "revoked", reason: "compromised" })] });
    for (const changes of [{ expiresAt: null }, { owner: "ada" }, { name: "ci" }] satisfies KeyChanges[]) {
      expect(() => edit(key, changes)).toThrow(expect.objectContaining({ code: "KEY_NOT_ACTIVE" }));
    }
  });
});

const times = fc.integer({ min: NOW - 50, max: NOW + 50 });
const versions = fc.array(
  fc.record({
    state: fc.constantFrom("pending", "current", "retiring", "retired", "revoked"),
    expiresAt: fc.option(times),
    retiresAt: times,
  }),
  { minLength: 1, maxLength: 4 },
);

test("no edit makes a version work that does not, or ends one that should work", () => {
  fc.assert(
    fc.property(versions, fc.option(fc.integer({ min: NOW + 1, max: NOW + 60 })), (all, expiresAt) => {
      const key = aKey({
        versions: all.map(({ state, expiresAt: end, retiresAt }, i) =>
          aVersion({ n: i + 1, state, expiresAt: end, ...(state.startsWith("reti") && { retiresAt }) }),
        ),
      });
      let edited: Key | null = null;
      try {
        edited = edit(key, { expiresAt });
      } catch (error) {
        expect(error).toBeInstanceOf(KeysError);
      }
      for (const [i, after] of (edited ?? key).versions.entries()) {
        const before = key.versions[i]!;
        expect({ ...after, expiresAt: 0 }).toEqual({ ...before, expiresAt: 0 });
        expect(isUsable(after, NOW)).toBe(isUsable(before, NOW));
        for (let at = NOW; edited !== null && at < NOW + 70; at += 7) {
          if (!isUsable(before, NOW)) expect(isUsable(after, at)).toBe(isUsable(before, at));
          else if (expiresAt !== null && at >= expiresAt) expect(isUsable(after, at)).toBe(false);
          else if (before.state === "retiring") expect(isUsable(after, at)).toBe(isUsable(before, at));
          else expect(isUsable(after, at)).toBe(true);
        }
      }
    }),
    { numRuns: RUNS.some },
  );
});
