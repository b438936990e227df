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
  test("adds a pending version and leaves the others as they are", () => {
    const { key, n } = stage(keyOf({ state: "retiring", retiresAt: NOW + 5 }, {}));
    expect(n).toBe(3);
    expect(statesOf(key)).toEqual(["retiring", "current", "pending"]);
  });

  test("is refused for a key that was revoked", () => {
    expect(() => stage(keyOf({ state: "revoked", reason: "compromised" }))).toThrow(
      expect.objectContaining({ code: "KEY_NOT_ACTIVE" }),
    );
  });

  test("is allowed for a key whose only versions reached nobody, and for an expired one", () => {
    expect(statesOf(stage(keyOf({ state: "revoked", reason: "undelivered" })).key)).toEqual(["revoked", "pending"]);
    expect(statesOf(stage(keyOf({ expiresAt: 5 })).key)).toEqual(["current", "pending"]);
  });
});

describe("promoting", () => {
  test("gives all before it the overlap, also a pending one that may have been delivered", () => {
    const key = promoteVersion(keyOf({}, { state: "pending" }, { state: "pending" }), 3, { overlap: DAY, now: NOW });
    expect(key.versions).toMatchObject([
      { state: "retiring", retiresAt: NOW + DAY },
      { state: "retiring", retiresAt: NOW + DAY },
      { state: "current", promotedAt: NOW },
    ]);
  });

  test("without an overlap ends them at once", () => {
    const key = promoteVersion(keyOf({}, { state: "pending" }), 2, { overlap: 0, now: NOW });
    expect(key.versions).toMatchObject([{ state: "retired", retiresAt: NOW }, { state: "current" }]);
  });

  test("does not lengthen an overlap that runs already", () => {
    const key = promoteVersion(keyOf({ state: "retiring", retiresAt: NOW + 5 }, {}, { state: "pending" }), 3, {
      overlap: DAY,
      now: NOW,
    });
    expect(key.versions[0]).toMatchObject({ retiresAt: NOW + 5 });
  });

  test.each(["current", "retiring", "retired", "revoked"] as const)("a version that is %s is a conflict", (state) => {
    expect(() => promoteVersion(keyOf({}, { state }), 2, { overlap: 0, now: NOW })).toThrow(
      expect.objectContaining({ code: "STORE_CONFLICT" }),
    );
  });

  test("a version that has expired meanwhile would lock everybody out", () => {
    expect(() => promoteVersion(keyOf({}, { state: "pending", expiresAt: NOW }), 2, { overlap: 0, now: NOW })).toThrow(
      expect.objectContaining({ code: "WOULD_LOCK_OUT" }),
    );
  });
});

describe("finishing", () => {
  const old = { state: "retiring", retiresAt: NOW + DAY, ...promoted } as const;
  const seen = { lastUsedAt: NOW - 10, ...promoted };

  test("retires the old version when it is out of use and the new one is in use", () => {
    expect(statesOf(finishRotation(keyOf({ ...old, lastUsedAt: NOW - 3_601 }, seen), evidence))).toEqual([
      "retired",
      "current",
    ]);
  });

  test.each([
    ["the old one was used inside the window", { lastUsedAt: NOW - 60 }, seen],
    ["the new one was never seen", {}, promoted],
  ])("is refused while %s, unless forced", (_, oldUse, current) => {
    const key = keyOf({ ...old, ...oldUse }, current);
    expect(() => finishRotation(key, evidence)).toThrow(expect.objectContaining({ code: "ROTATION_UNPROVEN" }));
    expect(statesOf(finishRotation(key, { ...evidence, force: true }))).toEqual(["retired", "current"]);
  });

  test.each([{ expiresAt: NOW }, { state: "revoked" as const }])(
    "is refused even when forced if the new one does not work",
    (broken) => {
      const key = keyOf(old, { ...seen, ...broken });
      expect(() => finishRotation(key, { ...evidence, force: true })).toThrow(
        expect.objectContaining({ code: "WOULD_LOCK_OUT" }),
      );
    },
  );

  test("is refused while a version waits to be promoted", () => {
    expect(() => finishRotation(keyOf(seen, { state: "pending" }), evidence)).toThrow(
      expect.objectContaining({ code: "NO_ROTATION" }),
    );
  });

  test("changes nothing when no version is retiring", () => {
    expect(finishRotation(keyOf({ state: "retired" }, seen), evidence)).toBeNull();
  });

  test("needs no evidence for an overlap that is over", () => {
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

  test("only gives a version up that was not promoted yet", () => {
    expect(statesOf(abortRotation(keyOf(old, promoted, { state: "pending" }), evidence))).toEqual([
      "retiring",
      "current",
      "revoked",
    ]);
  });

  test("never goes back to a version that no client may have got", () => {
    const neverPromoted = { state: "retiring", retiresAt: NOW + DAY } as const;
    expect(statesOf(abortRotation(keyOf(old, neverPromoted, promoted), evidence))).toEqual([
      "current",
      "retiring",
      "revoked",
    ]);
  });

  test("is refused while the new version is in use, unless forced", () => {
    const key = keyOf(old, { ...promoted, lastUsedAt: NOW - 60 });
    expect(() => abortRotation(key, evidence)).toThrow(expect.objectContaining({ code: "ROTATION_UNPROVEN" }));
    expect(statesOf(abortRotation(key, { ...evidence, force: true }))).toEqual(["current", "revoked"]);
  });

  test.each([
    ["the old one has ended", keyOf({ ...old, retiresAt: NOW }, promoted), "WOULD_LOCK_OUT"],
    ["the only version waits to be promoted", keyOf({ state: "pending" }), "WOULD_LOCK_OUT"],
    ["nothing is under way", keyOf(promoted), "NO_ROTATION"],
    ["the old one was retired", keyOf({ state: "retired" }, promoted), "NO_ROTATION"],
  ])("is refused when %s", (_, key, code) => {
    expect(() => abortRotation(key, { ...evidence, force: true })).toThrow(expect.objectContaining({ code }));
  });
});

test("a version is discarded only while it is pending and unseen", () => {
  expect(discardVersion(keyOf({}, { state: "pending" }), 2)?.versions[1]).toMatchObject({
    state: "revoked",
    reason: "undelivered",
  });
  expect(discardVersion(keyOf({}, { state: "pending", lastUsedAt: 1 }), 2)).toBeNull();
  expect(discardVersion(keyOf({}, { state: "current" }), 2)).toBeNull();
  expect(discardVersion(keyOf({}), 9)).toBeNull();
});

describe("revoking", () => {
  test("ends every version, or the one that was named", () => {
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

  test("a version that does not exist is named", () => {
    expect(() => revokeVersions(keyOf({}), { n: 2, reason: "other" })).toThrow(
      expect.objectContaining({ code: "VERSION_NOT_FOUND" }),
    );
  });

  test("disabling is the same in both directions and changes nothing the second time", () => {
    const disabled = setEnabled(keyOf({}), false);
    expect(disabled?.enabled).toBe(false);
    expect(setEnabled(disabled ?? keyOf({}), false)).toBeNull();
  });
});
