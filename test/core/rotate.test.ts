import { describe, expect, test } from "vitest";
import { digestToken } from "../../src/core/digest.ts";
import type { Key, Version, VersionState } from "../../src/core/key.ts";
import { revokeVersions, setEnabled } from "../../src/core/revoke.ts";
import { abortRotation, discardVersion, finishRotation, keepVersion } from "../../src/core/rotate.ts";
import { promoteVersion, RUN_LIMIT, stageVersion } from "../../src/core/rotate.ts";
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

/** Promotes a version that was staged when the key already looked like this. */
const promote = (key: Key, n: number, overlap: number, staged = key) =>
  promoteVersion(key, n, { overlap, now: NOW, staged });
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
    const key = promote(keyOf({}, { state: "pending" }, { state: "pending" }), 3, DAY);
    expect(key.versions).toMatchObject([
      { state: "retiring", retiresAt: NOW + DAY },
      { state: "retiring", retiresAt: NOW + DAY },
      { state: "current", promotedAt: NOW },
    ]);
  });

  test("ends earlier versions now without an overlap", () => {
    const key = promote(keyOf({}, { state: "pending" }), 2, 0);
    expect(key.versions).toMatchObject([{ state: "retired", retiresAt: NOW }, { state: "current" }]);
  });

  test("does not extend a running overlap", () => {
    const key = promote(keyOf({ state: "retiring", retiresAt: NOW + 5 }, {}, { state: "pending" }), 3, DAY);
    expect(key.versions[0]).toMatchObject({ retiresAt: NOW + 5 });
  });

  test.each(["current", "retiring", "retired", "revoked"] as const)("a %s version is a conflict", (state) => {
    expect(() => promote(keyOf({}, { state }), 2, 0)).toThrow(expect.objectContaining({ code: "STORE_CONFLICT" }));
  });

  test("rejects an expired version, which would lock clients out", () => {
    expect(() => promote(keyOf({}, { state: "pending", expiresAt: NOW }), 2, 0)).toThrow(
      expect.objectContaining({
        code: "WOULD_LOCK_OUT",
        hint: "run the same command again, with a later --expires",
      }),
    );
  });
});

describe("promoting after another rotation", () => {
  const staged = keyOf(promoted, { state: "pending" }, { state: "pending" });
  const others = { state: "pending", createdAt: NOW - 60 } as const;

  test("is a conflict that says whether the delivered token works", () => {
    const later = keyOf({ state: "retiring", retiresAt: NOW + DAY, ...promoted }, promoted, { state: "pending" });
    expect(() => promote(later, 3, DAY, staged)).toThrow(
      expect.objectContaining({
        code: "STORE_CONFLICT",
        message: "version 3 of ci was overtaken: version 2 was promoted since it was staged; its token still works",
        hint: "run the same command again: the destination may hold this token",
      }),
    );
    const earlier = keyOf(promoted, { state: "retiring", retiresAt: NOW + DAY }, { ...promoted });
    expect(() => promote(earlier, 2, DAY, staged)).toThrow(/its token works until 1970-01-13T13:46:40Z$/);
  });

  test("names the way out if the whole key was revoked, because no rotation works any more", () => {
    const revoked = keyOf({ state: "revoked", reason: "compromised" }, { state: "revoked", reason: "compromised" });
    expect(() => promote(revoked, 2, DAY, keyOf(promoted, { state: "pending" }))).toThrow(
      expect.objectContaining({
        code: "STORE_CONFLICT",
        hint: "issue a new key with this name: mcp-keys generate ci --replace",
      }),
    );
  });

  test("is no conflict if the other version was promoted before this one was staged, or was only revoked", () => {
    const since = keyOf({ state: "retired", ...promoted }, { state: "revoked", ...promoted }, { state: "pending" });
    expect(statesOf(promote(since, 3, 0))).toEqual(["retired", "revoked", "current"]);
    const revoked = keyOf({ state: "revoked", ...promoted }, { state: "pending" });
    expect(statesOf(promote(revoked, 2, 0, keyOf(promoted, { state: "pending" })))).toEqual(["revoked", "current"]);
  });

  test("keeps an earlier version that another run may be delivering, even without an overlap", () => {
    expect(promote(keyOf({}, others, { state: "pending" }), 3, 0).versions).toMatchObject([
      { state: "retired" },
      { state: "retiring", retiresAt: NOW - 60 + RUN_LIMIT },
      { state: "current" },
    ]);
  });

  test("makes an overtaken version pending again, unless it was ended on purpose", () => {
    const kept = keepVersion(keyOf({}, { state: "retiring", retiresAt: NOW + 5 }, {}), 2, NOW);
    expect(kept?.versions[1]).toMatchObject({ state: "pending" });
    expect(kept?.versions[1]).not.toHaveProperty("retiresAt");
    for (const ended of [
      { state: "retiring", retiresAt: NOW },
      { state: "retiring", retiresAt: NOW + 5, ...promoted },
      { state: "retired" },
      { state: "revoked" },
    ] as const) {
      expect(keepVersion(keyOf({}, ended, {}), 2, NOW)).toBeNull();
    }
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

  test("throws while an unpromoted version may be on its way to a client, unless forced", () => {
    const underway = { state: "retiring", createdAt: NOW - 60, retiresAt: NOW + DAY } as const;
    const key = keyOf(underway, seen);
    expect(() => finishRotation(key, evidence)).toThrow(expect.objectContaining({ code: "ROTATION_UNPROVEN" }));
    expect(statesOf(finishRotation(key, { ...evidence, force: true }))).toEqual(["retired", "current"]);
    expect(statesOf(finishRotation(keyOf({ ...underway, createdAt: NOW - RUN_LIMIT }, seen), evidence))).toEqual([
      "retired",
      "current",
    ]);
  });

  test("takes a use later than the clock for a use", () => {
    const key = keyOf({ ...old, lastUsedAt: NOW + 2 * DAY }, seen);
    expect(() => finishRotation(key, evidence)).toThrow(
      expect.objectContaining({
        code: "ROTATION_UNPROVEN",
        message: "version 1 of ci is in use: on unnamed at 1970-01-14T13:46:40Z, later than this clock shows",
      }),
    );
  });

  test("throws while a version is pending", () => {
    expect(() => finishRotation(keyOf(seen, { state: "pending" }), evidence)).toThrow(
      expect.objectContaining({
        code: "NO_ROTATION",
        message: "the rotation of ci is not done: version 2 is not current yet",
      }),
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
    expect(key?.versions).toMatchObject([{ state: "current" }, { state: "revoked", reason: "superseded" }]);
    expect(key?.versions[0]).not.toHaveProperty("retiresAt");
  });

  test("only revokes a version that is still pending", () => {
    expect(statesOf(abortRotation(keyOf(old, promoted, { state: "pending" }), evidence))).toEqual([
      "retiring",
      "current",
      "revoked",
    ]);
  });

  test("changes nothing a second time: that would undo the rotation before, whose token clients use", () => {
    for (const undone of [promoted, { state: "pending" } as const]) {
      const key = abortRotation(keyOf(old, undone === promoted ? old : promoted, undone), evidence);
      expect(statesOf(key)).toEqual(["retiring", "current", "revoked"]);
      expect(abortRotation(key ?? keyOf({}), { ...evidence, force: true })).toBeNull();
    }
    const later = keyOf(old, { state: "revoked", reason: "superseded" }, promoted);
    expect(statesOf(abortRotation(later, evidence))).toEqual(["current", "revoked", "revoked"]);
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

test("discards a version only if it was never promoted or used", () => {
  expect(discardVersion(keyOf({}, { state: "pending" }), 2)?.versions[1]).toMatchObject({
    state: "revoked",
    reason: "undelivered",
  });
  expect(discardVersion(keyOf({}, { state: "pending", lastUsedAt: 1 }), 2)).toBeNull();
  expect(discardVersion(keyOf({}, { state: "retiring" }), 2)?.versions[1]).toMatchObject({ reason: "undelivered" });
  expect(discardVersion(keyOf({}, { state: "retiring", ...promoted }), 2)).toBeNull();
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
