import { describe, expect, test } from "vitest";
import type { Version } from "../../src/core/key.ts";
import { parseRunId, versionOfRun } from "../../src/core/run-id.ts";
import { aKey, aVersion } from "../fakes.ts";

const NOW = 1_000;

describe("parseRunId", () => {
  test.each(["4711", "a", "gitlab-12:34/5@main+x_y.z", "x".repeat(64)])("accepts %s", (text) => {
    expect(parseRunId(text)).toBe(text);
  });

  test.each(["", "-x", ".x", "a b", "a\n", "ä", "x".repeat(65), "a,b", "$X"])("rejects %j", (text) => {
    expect(() => parseRunId(text)).toThrow(expect.objectContaining({ code: "USAGE" }));
  });

  test("rejects a token, and does not repeat it", () => {
    const token = `ghp_${"aB3".repeat(12)}`;
    const refused = expect.objectContaining({ code: "TOKEN_MISPLACED", message: "the run id contains a token" });
    expect(() => parseRunId(token)).toThrow(refused);
  });
});

describe("versionOfRun", () => {
  const done = { runId: "a", promotedAt: 10 };
  const find = (...versions: Partial<Version>[]) =>
    versionOfRun(aKey({ versions: versions.map((each, i) => aVersion({ ...each, n: i + 1 })) }), "a", NOW)?.n;

  test.each<[title: string, versions: Partial<Version>[], n: number | undefined]>([
    ["its version is current", [{ state: "retiring" }, { ...done, state: "current" }], 2],
    [
      "another run came later",
      [
        { ...done, state: "retired" },
        { state: "current", promotedAt: 20 },
      ],
      1,
    ],
    ["its version was revoked, but a later one is current", [{ ...done, state: "revoked" }, { promotedAt: 20 }], 1],
    ["an earlier attempt ended first", [{ runId: "a", state: "retiring", endedBefore: 2 }, done], 2],
    [
      "an attempt was killed, and two later ones were promoted",
      [
        { runId: "a", state: "retiring" },
        { ...done, state: "retiring" },
        { ...done, state: "current" },
      ],
      3,
    ],
    [
      "an attempt was killed more than an hour before",
      [
        { runId: "a", state: "retiring", createdAt: 1 },
        { ...done, createdAt: 3_601 },
      ],
      2,
    ],
    ["an earlier attempt failed", [{ runId: "a", state: "revoked", reason: "undelivered" }, done], 2],
  ])("a run is done if %s", (_, versions, n) => {
    expect(find(...versions)).toBe(n);
  });

  test.each<[title: string, versions: Partial<Version>[]]>([
    ["no version has its id", [{}, { runId: "b", promotedAt: 10 }]],
    ["its version is pending", [{}, { runId: "a", state: "pending" }]],
    ["its version was never delivered", [{}, { runId: "a", state: "revoked", reason: "undelivered" }]],
    ["its version was revoked and nothing replaced it", [{}, { ...done, state: "revoked" }]],
    ["its version has expired and nothing replaced it", [{}, { ...done, expiresAt: NOW }]],
    ["another attempt may have delivered last", [done, { runId: "a", state: "pending" }]],
    ["another attempt ended later", [{ runId: "a", state: "retiring", endedBefore: 3 }, done]],
    [
      "another attempt ended later, and two were promoted before that",
      [
        { runId: "a", state: "retired", endedBefore: 4 },
        { ...done, state: "retiring" },
        { ...done, state: "current" },
      ],
    ],
    ["another attempt was killed", [{ runId: "a", state: "retiring" }, done]],
  ])("a run is unfinished if %s", (_, versions) => {
    expect(find(...versions)).toBeUndefined();
  });
});
