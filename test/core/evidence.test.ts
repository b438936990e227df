import { describe, expect, test } from "vitest";
import { describeEvidence, findObstacles, usesOf } from "../../src/core/evidence.ts";
import { abortRotation, finishRotation } from "../../src/core/rotate.ts";
import type { Usage } from "../../src/core/usage.ts";
import { aKey, aVersion } from "../fakes.ts";

const NOW = 1_000_000;
const WINDOW = 3_600;
const old = aVersion({ n: 1, state: "retiring", retiresAt: NOW + 50_000, promotedAt: 1 });
const current = aVersion({ n: 2, state: "current", promotedAt: NOW - 9_000 });
const key = aKey({ versions: [old, current] });
const { id } = key;

const usageOf = (uses: [server: string, n: number, ago: number][], more: Partial<Usage> = {}): Usage => ({
  uses: uses.map(([server, n, ago]) => ({ id, n, at: NOW - ago, server })),
  ...{ reports: [], publishedAt: null, ...more },
});
const finish = (usage: Usage, more = {}) => finishRotation(key, { now: NOW, window: WINDOW, usage, ...more });
const refusal = (job: () => unknown) => {
  try {
    job();
  } catch (error) {
    return error as { code: string; message: string; hint: string };
  }
  return null;
};

describe("--finish", () => {
  test("ends the old version when a server saw the new one and none saw the old one lately", () => {
    const usage = usageOf([
      ["web-1", 2, 10],
      ["web-1", 1, WINDOW],
      ["web-2", 1, WINDOW + 1],
    ]);
    expect(finish(usage)?.versions[0]?.state).toBe("retired");
  });

  test("names each server that saw the old version within the window, and when", () => {
    const usage = usageOf([
      ["web-1", 2, 10],
      ["web-1", 1, 700],
      ["web-2", 1, WINDOW - 1],
      ["web-3", 1, WINDOW],
    ]);
    expect(refusal(() => finish(usage))).toMatchObject({
      code: "ROTATION_UNPROVEN",
      message: "version 1 of ci is in use: on web-1 11m ago, on web-2 59m ago",
    });
  });

  test("says that no server has seen the new version, or reported anything", () => {
    expect(refusal(() => finish(usageOf([["web-1", 1, 2 * WINDOW]])))).toMatchObject({
      code: "ROTATION_UNPROVEN",
      message: "no server has seen version 2 of ci since it became current",
    });
    expect(refusal(() => finish(usageOf([])))).toMatchObject({
      code: "ROTATION_UNPROVEN",
      message: "no server has reported a use of ci",
      hint: expect.stringContaining("rotate ci --finish --verify <url> --old-token-env <variable>"),
    });
  });

  test("does not count a use from before the promotion, which may be the proof of the rotation itself", () => {
    expect(refusal(() => finish(usageOf([["web-1", 2, 9_000]])))).toMatchObject({
      code: "ROTATION_UNPROVEN",
      message: "no server has seen version 2 of ci since it became current",
    });
    expect(finish(usageOf([["web-1", 2, 8_999]]))?.versions[0]?.state).toBe("retired");
  });

  test("ignores uses of other keys and of versions that do not exist", () => {
    const foreign = usageOf([["web-1", 7, 1]]);
    const usage = { ...foreign, uses: [...foreign.uses, { id: "000000000000", n: 2, at: NOW, server: "web-1" }] };
    expect(refusal(() => finish(usage))).toMatchObject({ message: "no server has reported a use of ci" });
  });

  test("does not take the silence of a server that has not reported within the window for evidence", () => {
    const report = (ago: number) =>
      usageOf([["web-1", 2, 10]], { reports: [{ server: "edge-1", at: NOW - ago }], publishedAt: 1 });
    expect(refusal(() => finish(report(WINDOW)))).toMatchObject({
      code: "ROTATION_UNPROVEN",
      message: "edge-1 last reported its uses 60m ago",
      hint: expect.stringMatching(/uses import <file>; .* uses forget edge-1$/),
    });
    expect(finish(report(WINDOW - 1))).not.toBeNull();
  });

  test("counts the window of a reporting server back from its report", () => {
    const usage = usageOf(
      [
        ["edge-1", 2, 1_900],
        ["edge-1", 1, WINDOW + 1_000],
      ],
      { reports: [{ server: "edge-1", at: NOW - 1_800 }] },
    );
    expect(refusal(() => finish(usage))).toMatchObject({
      message: "version 1 of ci is in use: on edge-1 76m ago",
    });
  });

  test("asks for a report once a keyset was published", () => {
    const usage = usageOf([["web-1", 2, 10]], { publishedAt: NOW - 7_200 });
    expect(refusal(() => finish(usage))).toMatchObject({
      code: "ROTATION_UNPROVEN",
      message: "a keyset was published 2h ago, and no server that reads it has reported its uses",
      hint: expect.stringMatching(
        /^import the report that each server writes: mcp-keys uses import <file>; .* uses forget --keyset$/,
      ),
    });
    expect(finish({ ...usage, reports: [{ server: "edge-1", at: NOW }] })).not.toBeNull();
  });

  describe("with proof from servers that hold the token", () => {
    test.each([
      ["nothing", { accepted: false, refused: [] }, false],
      ["the new version accepted", { accepted: true, refused: [] }, false],
      ["the old version refused", { accepted: false, refused: [1] }, false],
      ["another version refused", { accepted: true, refused: [2] }, false],
      ["both", { accepted: true, refused: [1] }, true],
    ])("%s", (_, proof, ends) => {
      expect(refusal(() => finish(usageOf([]), { proof })) === null).toBe(ends);
      expect(refusal(() => finish(usageOf([], { publishedAt: 1 }), { proof })) === null).toBe(ends);
    });

    test("an accepted new version counts as seen", () => {
      const usage = usageOf([["web-1", 1, 2 * WINDOW]]);
      expect(finish(usage, { proof: { accepted: true, refused: [] } })).not.toBeNull();
    });

    test("does not outweigh a use that a server reported, or its silence", () => {
      const proof = { accepted: true, refused: [1] };
      expect(refusal(() => finish(usageOf([["web-1", 1, 5]]), { proof }))?.code).toBe("ROTATION_UNPROVEN");
      const silent = usageOf([], { reports: [{ server: "edge-1", at: 1 }] });
      expect(refusal(() => finish(silent, { proof }))?.code).toBe("ROTATION_UNPROVEN");
    });
  });

  test("lists everything that speaks against it, and the fix of the first", () => {
    const usage = usageOf([["web-1", 1, 5]], { reports: [{ server: "edge-1", at: 1 }] });
    expect(refusal(() => finish(usage))).toMatchObject({
      message: expect.stringMatching(
        /^version 1 of ci is in use: .*; edge-1 last .*; no server has seen version 2 of ci since it became current$/,
      ),
      hint: expect.stringContaining("wait until every client"),
    });
  });

  test("names at most five servers of a version", () => {
    const usage = usageOf(Array.from({ length: 8 }, (_, i) => [`web-${String(i)}`, 1, i]));
    expect(refusal(() => finish(usage))?.message).toContain("on web-4 4s ago, on 3 more");
  });

  test("needs no evidence with --force", () => {
    expect(finish(usageOf([["web-1", 1, 5]]), { force: true })).not.toBeNull();
  });
});

describe("--abort", () => {
  const abort = (usage: Usage) => abortRotation(key, { now: NOW, window: WINDOW, usage });

  test("names each server that saw the new version within the window", () => {
    expect(refusal(() => abort(usageOf([["web-2", 2, 60]])))).toMatchObject({
      code: "ROTATION_UNPROVEN",
      message: "version 2 of ci is in use: on web-2 60s ago",
    });
  });

  test("waits for a server that has not reported within the window", () => {
    const silent = { reports: [{ server: "edge-1", at: NOW - WINDOW }] };
    expect(refusal(() => abort(usageOf([], silent)))?.code).toBe("ROTATION_UNPROVEN");
  });

  test("needs nobody to have seen anything, because it takes back what nobody uses", () => {
    expect(abort(usageOf([], { publishedAt: 1 }))?.versions.map(({ state }) => state)).toEqual(["current", "revoked"]);
  });
});

test("the time of a version counts where no server has a name", () => {
  const used = aKey({
    versions: [
      { ...old, lastUsedAt: 30 },
      { ...current, lastUsedAt: 20 },
    ],
  });
  const usage = {
    uses: [
      { id, n: 1, at: 30, server: "web-1" },
      { id, n: 2, at: 10, server: "web-1" },
    ],
    reports: [],
    publishedAt: null,
  };
  expect(usesOf(used, usage).map(({ n, at, server }) => [n, at, server])).toEqual([
    [1, 30, "web-1"],
    [2, 20, "unnamed"],
    [2, 10, "web-1"],
  ]);
});

test("describes who uses which version, and whose silence proves nothing", () => {
  const usage = usageOf([["web-1", 2, 10]], { reports: [{ server: "edge-1", at: NOW - WINDOW }] });
  expect(describeEvidence(key, key.versions, { now: NOW, window: WINDOW, usage })).toEqual([
    "version 1: no server has seen it",
    "version 2: used on web-1 10s ago",
    "edge-1: last reported its uses 60m ago",
  ]);
  expect(describeEvidence(key, [], { now: NOW, window: WINDOW, usage: usageOf([], { publishedAt: 1 }) })).toEqual([
    "a keyset was published, and no server that reads it has reported its uses",
  ]);
  expect(findObstacles(key, [], undefined, { now: NOW, window: WINDOW })).toEqual([]);
});
