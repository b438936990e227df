import { describe, expect, test } from "vitest";
import { digestToken } from "../../src/core/digest.ts";
import type { Key, Version, VersionState } from "../../src/core/key.ts";
import { revokeVersions, setEnabled } from "../../src/core/revoke.ts";
import { abortRotation, discardVersion, finishRotation, promoteVersion, stageVersion } from "../../src/core/rotate.ts";
import { aKey, aVersion } from "../fakes.ts";

const NOW = 1_000_000;
const DAY = 86_400;
const evidence = { now: NOW, window: 3_600 };
const promoted = { promotedAt: 1 };

function keyOf(...versions: Partial<Version>[]): Key {
  return aKey({ versions: versions.map((version, i) => aVersion({ n: i + 1, ...version })) });
}

function statesOf(key: Key | null): VersionState[] {
  return key?.versions.map(({ state }) => state) ?? [];
}

const stage = (key: Key) => stageVersion(key, { digest: digestToken("new"), expiresAt: null, now: NOW });

describe("staging", () => {
  test("adds a pending version and changes no other", () => {
    const { key, n } = stage(keyOf({ state: "retiring", retiresAt: NOW + 5 }, {}));
    expect(n).toBe(3);
    expect(statesOf(key)).toEqual(["retiring", "current", "pending"]);
  });

  test("rejects a revoked key", () => {
    expect(() => stage(keyOf({ state: "revoked", reason: "compromised" }))).toThrow(
      expect.objectContaining({ code: "KEY_NOT_ACTIVE" }),
    );
  });

  test("accepts a key whose versions were never delivered, and an expired key", () => {
    expect(statesOf(stage(keyOf({ state: "revoked", reason: "undelivered" })).key)).toEqual(["revoked", "pending"]);
    expect(statesOf(stage(keyOf({ expiresAt: 5 })).key)).toEqual(["current", "pending"]);
  });
});

describe("promoting", () => {
  test("gives earlier versions the overlap, including a pending one that may have been delivered", () => {
    const key = promoteVersion(keyOf({}, { state: "pending" }, { state: "pending" }), 3, { overlap: DAY, now: NOW });
    expect(key.versions).toMatchObject([
      { state: "retiring", retiresAt: NOW + DAY },
      { state: "retiring", retiresAt: NOW + DAY },
      { state: "current", promotedAt: NOW },
    ]);
  });

  test("ends earlier versions now without an overlap", () => {
    const key = promoteVersion(keyOf({}, { state: "pending" }), 2, { overlap: 0, now: NOW });
    expect(key.versions).toMatchObject([{ state: "retired", retiresAt: NOW }, { state: "current" }]);
  });

  test("does not extend a running overlap", () => {
    const key = promoteVersion(keyOf({ state: "retiring", retiresAt: NOW + 5 }, {}, { state: "pending" }), 3, {
      overlap: DAY,
      now: NOW,
    });
    expect(key.versions[0]).toMatchObject({ retiresAt: NOW + 5 });
  });

  test.each(["current", "retiring", "retired", "revoked"] as const)("a %s version is a conflict", (state) => {
    expect(() => promoteVersion(keyOf({}, { state }), 2, { overlap: 0, now: NOW })).toThrow(
      expect.objectContaining({ code: "STORE_CONFLICT" }),
    );
  });

  test("rejects an expired version, which would lock clients out", () => {
    expect(() => promoteVersion(keyOf({}, { state: "pending", expiresAt: NOW }), 2, { overlap: 0, now: NOW })).toThrow(
      expect.objectContaining({ code: "WOULD_LOCK_OUT" }),
    );
  });
});

describe("finishing", () => {
  const old = { state: "retiring", retiresAt: NOW + DAY, ...promoted } as const;
  const seen = { lastUsedAt: NOW - 10, ...promoted };

  test("retires the old version if it is unused and the new one is used", () => {
    expect(statesOf(finishRotation(keyOf({ ...old, lastUsedAt: NOW - 3_601 }, seen), evidence))).toEqual([
      "retired",
      "current",
    ]);
  });

  test.each([
    ["the old one was used within the window", { lastUsedAt: NOW - 60 }, seen],
    ["the new one was never used", {}, promoted],
  ])("throws while %s, unless forced", (_, oldUse, current) => {
    const key = keyOf({ ...old, ...oldUse }, current);
    expect(() => finishRotation(key, evidence)).toThrow(expect.objectContaining({ code: "ROTATION_UNPROVEN" }));
    expect(statesOf(finishRotation(key, { ...evidence, force: true }))).toEqual(["retired", "current"]);
  });

  test.each([{ expiresAt: NOW }, { state: "revoked" as const }])(
    "throws even if forced when the new version does not work",
    (broken) => {
      const key = keyOf(old, { ...seen, ...broken });
      expect(() => finishRotation(key, { ...evidence, force: true })).toThrow(
        expect.objectContaining({ code: "WOULD_LOCK_OUT" }),
      );
    },
  );

  test("throws while a version is pending", () => {
    expect(() => finishRotation(keyOf(seen, { state: "pending" }), evidence)).toThrow(
      expect.objectContaining({ code: "NO_ROTATION" }),
    );
  });

  test("changes nothing if no version is retiring", () => {
    expect(finishRotation(keyOf({ state: "retired" }, seen), evidence)).toBeNull();
  });

  test("needs no evidence after the overlap", () => {
    expect(statesOf(finishRotation(keyOf({ ...old, retiresAt: NOW }, promoted), evidence))).toEqual([
      "retired",
      "current",
    ]);
  });
});

describe("aborting", () => {
  const old = { state: "retiring", retiresAt: NOW + DAY, ...promoted } as const;

  test("makes the old version current and revokes the new one", () => {
    const key = abortRotation(keyOf(old, promoted), evidence);
    expect(key.versions).toMatchObject([{ state: "current" }, { state: "revoked", reason: "superseded" }]);
    expect(key.versions[0]).not.toHaveProperty("retiresAt");
  });

  test("only revokes a version that is still pending", () => {
    expect(statesOf(abortRotation(keyOf(old, promoted, { state: "pending" }), evidence))).toEqual([
      "retiring",
      "current",
      "revoked",
    ]);
  });

  test("never goes back to a version that may not have reached a client", () => {
    const neverPromoted = { state: "retiring", retiresAt: NOW + DAY } as const;
    expect(statesOf(abortRotation(keyOf(old, neverPromoted, promoted), evidence))).toEqual([
      "current",
      "retiring",
      "revoked",
    ]);
  });

  test("throws while the new version is in use, unless forced", () => {
    const key = keyOf(old, { ...promoted, lastUsedAt: NOW - 60 });
    expect(() => abortRotation(key, evidence)).toThrow(expect.objectContaining({ code: "ROTATION_UNPROVEN" }));
    expect(statesOf(abortRotation(key, { ...evidence, force: true }))).toEqual(["current", "revoked"]);
  });

  test.each([
    ["the old one has ended", keyOf({ ...old, retiresAt: NOW }, promoted), "WOULD_LOCK_OUT"],
    ["the only version is pending", keyOf({ state: "pending" }), "WOULD_LOCK_OUT"],
    ["there is no rotation", keyOf(promoted), "NO_ROTATION"],
    ["the old one was retired", keyOf({ state: "retired" }, promoted), "NO_ROTATION"],
  ])("throws when %s", (_, key, code) => {
    expect(() => abortRotation(key, { ...evidence, force: true })).toThrow(expect.objectContaining({ code }));
  });
});

test("discards a version only while it is pending and unused", () => {
  expect(discardVersion(keyOf({}, { state: "pending" }), 2)?.versions[1]).toMatchObject({
    state: "revoked",
    reason: "undelivered",
  });
  expect(discardVersion(keyOf({}, { state: "pending", lastUsedAt: 1 }), 2)).toBeNull();
  expect(discardVersion(keyOf({}, { state: "current" }), 2)).toBeNull();
  expect(discardVersion(keyOf({}), 9)).toBeNull();
});

describe("revoking", () => {
  test("revokes every version, or the one given", () => {
    expect(statesOf(revokeVersions(keyOf({ state: "retired" }, {}), { reason: "other" }))).toEqual([
      "revoked",
      "revoked",
    ]);
    expect(statesOf(revokeVersions(keyOf({}, {}), { n: 1, reason: "unused" }))).toEqual(["revoked", "current"]);
  });

  test("changes nothing the second time, and keeps the first reason", () => {
    expect(revokeVersions(keyOf({ state: "revoked", reason: "compromised" }), { reason: "other" })).toBeNull();
    expect(
      revokeVersions(keyOf({ state: "revoked", reason: "compromised" }, {}), { reason: "other" })?.versions[0],
    ).toMatchObject({
      reason: "compromised",
    });
  });

  test("throws for an unknown version", () => {
    expect(() => revokeVersions(keyOf({}), { n: 2, reason: "other" })).toThrow(
      expect.objectContaining({ code: "VERSION_NOT_FOUND" }),
    );
  });

  test("disabling a disabled key changes nothing", () => {
    const disabled = setEnabled(keyOf({}), false);
    expect(disabled?.enabled).toBe(false);
    expect(setEnabled(disabled ?? keyOf({}), false)).toBeNull();
  });
});
