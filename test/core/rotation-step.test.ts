import { describe, expect, test } from "vitest";
import type { Version } from "../../src/core/key.ts";
import { rotationStep } from "../../src/core/rotation-step.ts";
import { aKey, aVersion } from "../fakes.ts";

const NOW = 1_000_000;
const stepOf = (...versions: Partial<Version>[]) => {
  const found = rotationStep(aKey({ versions: versions.map((each, i) => aVersion({ n: i + 1, ...each })) }), NOW);
  return found === null ? null : [found.step, found.version.n];
};

describe("the step of a rotation", () => {
  test.each<[string, Partial<Version>[], unknown]>([
    ["a key with one version", [{}], null],
    ["a staged version", [{}, { state: "pending" }], ["deliver", 2]],
    ["a first version that was never delivered", [{ state: "pending" }], ["deliver", 1]],
    ["an old version that works", [{ state: "retiring", retiresAt: NOW + 1 }, {}], ["overlap", 2]],
    ["an overlap that is over", [{ state: "retiring", retiresAt: NOW }, {}], null],
    [
      "an old version that was retired or revoked",
      [{ state: "retired", retiresAt: 5 }, { state: "revoked" }, {}],
      null,
    ],
    ["a staged version that has expired", [{}, { state: "pending", expiresAt: NOW }], null],
    [
      "a staged version while an old one works",
      [{ state: "retiring", retiresAt: NOW + 1 }, {}, { state: "pending" }],
      ["deliver", 3],
    ],
    ["a revoked key", [{ state: "revoked" }, { state: "revoked" }], null],
  ])("of %s", (_, versions, step) => {
    expect(stepOf(...versions)).toEqual(step);
  });
});
