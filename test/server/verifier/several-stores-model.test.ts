import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { digestToken, FORGOTTEN } from "../../../src/core/digest.ts";
import { judge } from "../../../src/core/judge.ts";
import type { Key, Version } from "../../../src/core/key.ts";
import { opaqueIdOf } from "../../../src/core/opaque.ts";
import { formatToken } from "../../../src/core/token.ts";
import { KeysError } from "../../../src/errors.ts";
import { createVerifier, type Requirements, type Verifier } from "../../../src/server/verifier/verifier.ts";
import { verifyFresh } from "../../../src/server/verifier/verify-fresh.ts";
import { openMemoryStore } from "../../../src/stores/memory.ts";
import { aKey, aVersion } from "../../fakes.ts";
import { createTroubledStore } from "./troubled-store.ts";

const NOW = 1_800_000_000;
const URL_HERE = "https://host.example/mcp";
const TOKENS = [
  formatToken({ prefix: "mcp", id: "7Fq2x9Lm0aBc", secret: "a1B2c3".repeat(8).slice(0, 43) }).reveal(),
  "4fQ8Zr2LxWm7Vt0KcB9nYs6Jd3Hg5Pa1",
  // The length and the underscores of a token in our format, but a capital in the prefix.
  `Acme_4fQ8Zr2LxWm7_${"Vt0KcB9nYs6Jd3Hg5Pa1Zk3vQ".repeat(2).slice(0, 49)}`,
];

const keyOf = (token: string, version: Partial<Version>, key: Partial<Key>): Key => {
  const versions = [aVersion({ digest: digestToken(token), ...version })];
  return aKey({ id: opaqueIdOf(token), name: "shared", prefix: "opaque", versions, ...key });
};
const token = fc.constantFrom(...TOKENS);
const settings: fc.Arbitrary<Partial<Key>> = fc.record(
  {
    enabled: fc.boolean(),
    scopes: fc.constantFrom<string[]>([], ["a"], ["a", "b"]),
    audience: fc.constantFrom<string[]>([], [URL_HERE], ["https://other.example/mcp"]),
  },
  { requiredKeys: [] },
);
const state = fc.constantFrom<Partial<Version>>(
  {},
  { state: "revoked", reason: "compromised" },
  { state: "revoked", reason: "compromised", digest: FORGOTTEN },
  { state: "retiring", retiresAt: NOW - 1 },
  { expiresAt: NOW - 1 },
);
/** In both stores, valid in the second one. */
const inBoth = (text: string, version: Partial<Version>, key: Partial<Key>, required: Requirements = {}): Sample => [
  text,
  [version, key],
  [{}, { scopes: ["a", "b"] }],
  required,
];
const OTHER_SERVER = { audience: ["https://other.example/mcp"] };
const SAMPLES = TOKENS.flatMap((text) => [
  inBoth(text, { state: "revoked", digest: FORGOTTEN }, {}),
  inBoth(text, {}, OTHER_SERVER),
  inBoth(text, {}, { scopes: ["a"] }, { scopes: ["b"] }),
  inBoth(text, {}, { enabled: false }),
  inBoth(text, {}, {}),
]);
const requirements = fc.constantFrom<Requirements>({}, { scopes: ["a"] }, { scopes: ["b"] });
type Known = [Partial<Version>, Partial<Key>];
type Sample = [text: string, first: Known | undefined, second: Known | undefined, required: Requirements];
const known = fc.option(fc.tuple(state, settings), { nil: undefined });

async function open(keys: readonly (Key | undefined)[], log: string[] = []) {
  const clock = { now: NOW };
  const stores = [];
  const troubles = [];
  for (const key of keys) {
    const memory = await openMemoryStore();
    if (key !== undefined) await memory.write({ op: "import", at: 1, by: "ada", keys: [key] });
    const { store, trouble } = createTroubledStore(memory);
    stores.push(store);
    troubles.push(trouble);
  }
  const verifier = await createVerifier({
    ...{ stores, now: () => clock.now, peppers: [], pollEvery: 0.005, maxStaleness: 60, audience: URL_HERE },
    log: (line) => void log.push(line),
  });
  return { verifier, clock, troubles };
}

const outcomeOf = (verifier: Verifier, text: string, required: Requirements): string => {
  const [byToken, byHeader] = [
    () => verifier.verify(text, required),
    () => verifier.verifyHeader(`Bearer ${text}`, required),
  ].map((ask) => {
    try {
      const verdict = ask();
      return verdict.ok ? "accepted" : verdict.reason;
    } catch (error) {
      return error instanceof KeysError ? error.code : "not a KeysError";
    }
  });
  expect(byHeader).toBe(byToken);
  return byToken ?? "";
};

describe("a verifier with two stores", () => {
  test("accepts what the first store that knows the token accepts, and nothing else", async () => {
    await fc.assert(
      fc.asyncProperty(token, known, known, requirements, async (text, first, second, required) => {
        const keys = [first, second].map((each) => each && keyOf(text, ...each));
        const { verifier } = await open(keys);
        const decides = keys.find((key) => key !== undefined);
        const version = decides?.versions[0];
        const accepts =
          decides !== undefined &&
          version !== undefined &&
          judge(decides, version, { now: NOW, audience: URL_HERE, scopes: required.scopes ?? [] }).ok;
        const outcome = outcomeOf(verifier, text, required);
        await verifier.close();
        expect(outcome === "accepted").toBe(accepts);
      }),
      { numRuns: process.env["MCP_KEYS_TORTURE"] === "1" ? 3_000 : 100, examples: SAMPLES },
    );
  });

  test("accepts no token that the first store knows, while that fails", async () => {
    await fc.assert(
      fc.asyncProperty(token, known, known, requirements, async (text, first, second, required) => {
        const keys = [first, second].map((each) => each && keyOf(text, ...each));
        const log: string[] = [];
        const { verifier, clock, troubles } = await open(keys, log);
        troubles[0]!.fault = new KeysError("STORE_UNAVAILABLE", "the disk is gone");
        await expect.poll(() => verifier.counters.faults, { interval: 2 }).toBeGreaterThan(0);
        clock.now += 61;
        await expect.poll(() => log.join(), { interval: 2 }).toMatch(/now get 503/);
        const reads = troubles[1]!.reads;
        await expect.poll(() => troubles[1]!.reads, { interval: 2 }).toBeGreaterThan(reads + 1);
        const accepts = keys.map((key) => {
          const demand = { now: clock.now, audience: URL_HERE, scopes: required.scopes ?? [] };
          return key?.versions[0] !== undefined && judge(key, key.versions[0], demand).ok;
        });
        const outcome = outcomeOf(verifier, text, required);
        await verifier.close();
        const expected = accepts[1] === true && keys[0] === undefined;
        expect(outcome === "accepted").toBe(expected);
      }),
      { numRuns: process.env["MCP_KEYS_TORTURE"] === "1" ? 1_000 : 40, examples: SAMPLES },
    );
  });

  test("asks a healthy store again in a process that was frozen, although another store fails", async () => {
    const [text = ""] = TOKENS;
    const { verifier, clock, troubles } = await open([keyOf(text, {}, {}), undefined]);
    onTestFinished(() => verifier.close());
    troubles[1]!.fault = new KeysError("STORE_UNAVAILABLE", "the disk is gone");
    await expect.poll(() => verifier.counters.faults).toBeGreaterThan(0);
    clock.now += 61;
    expect(outcomeOf(verifier, text, {})).toBe("STORE_UNAVAILABLE");
    const verdict = await verifyFresh(verifier, () => verifier.verify(text), {});
    expect(verdict).toMatchObject({ ok: true });
    expect(await verifier.refresh()).toBe(false);
  });
});
