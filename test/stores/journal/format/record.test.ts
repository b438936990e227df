import fc from "fast-check";
import { expect, test } from "vitest";
import type { Key, Version } from "../../../../src/core/key.ts";
import { formatRecord, GENESIS, parseRecord } from "../../../../src/stores/journal/format/record.ts";
import { base62, prefixes } from "../../../arbitraries.ts";
import { keyNo, TORTURE } from "../../place.ts";

const time = fc.nat(4_000_000_000);
const text = fc.string({ unit: "binary", maxLength: 20 });
const hex = fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: 64, maxLength: 64 });

const version: fc.Arbitrary<Version> = fc.record(
  {
    n: fc.integer({ min: 1, max: 1_000 }),
    digest: fc.oneof(
      hex.map((each) => `sha256:${each}` as const),
      hex.map((each) => `hmac-sha256:p_1-x:${each}` as const),
    ),
    createdAt: time,
    expiresAt: fc.option(time),
    state: fc.constantFrom("pending", "current", "retiring", "retired", "revoked"),
    promotedAt: time,
    runId: text,
    endedBefore: fc.nat(),
    retiresAt: time,
    lastUsedAt: fc.constant(null),
    reason: fc.constantFrom("compromised", "superseded", "unused", "undelivered", "other"),
  },
  { requiredKeys: ["n", "digest", "createdAt", "expiresAt", "state", "lastUsedAt"] },
);

const key: fc.Arbitrary<Key> = fc.record(
  {
    id: base62(12),
    name: text,
    prefix: prefixes,
    scopes: fc.array(text, { maxLength: 3 }),
    audience: fc.array(fc.webUrl(), { maxLength: 2 }),
    owner: text,
    note: text,
    tags: fc.dictionary(text, text, { maxKeys: 3, noNullPrototype: true }),
    createdAt: time,
    createdBy: text,
    enabled: fc.boolean(),
    revision: fc.nat(),
    versions: fc.array(version, { minLength: 1, maxLength: 3 }),
  },
  {
    requiredKeys: [
      "id",
      "name",
      "prefix",
      "scopes",
      "audience",
      "tags",
      "createdAt",
      "createdBy",
      "enabled",
      "revision",
      "versions",
    ],
  },
);

const record = fc.record({
  change: fc.record(
    {
      seq: fc.integer({ min: 1 }),
      at: time,
      by: text,
      op: fc.constantFrom("generate" as const, "stage" as const, "revoke" as const),
      version: fc.nat(),
      detail: text,
      keys: fc.array(key, { maxLength: 3 }),
    },
    { requiredKeys: ["seq", "at", "by", "op", "keys"] },
  ),
});

test("reads back any record from one line whose only tab is at its end", () => {
  const property = fc.property(record, (each) => {
    const line = formatRecord(each, GENESIS).bytes.toString();
    expect(line).toMatch(/^\n[^\n\t]+\t$/);
    expect(parseRecord(line.slice(1, -1))).toEqual(each);
  });
  fc.assert(property, { numRuns: TORTURE ? 20_000 : 200 });
});

test("never throws for any text", () => {
  const property = fc.property(fc.oneof(fc.string(), fc.json()), (each) => {
    const parsed = parseRecord(each);
    expect(parsed === null || typeof parsed.change.seq === "number").toBe(true);
  });
  fc.assert(property, { numRuns: TORTURE ? 20_000 : 200 });
});

test("rejects a record with a member of the wrong type", () => {
  const good = JSON.parse(
    formatRecord(
      fc.sample(
        record.filter(({ change }) => change.keys.length > 0),
        { numRuns: 1, seed: 7 },
      )[0]!,
      GENESIS,
    )
      .bytes.toString()
      .slice(1, -1),
  );
  expect(parseRecord(JSON.stringify(good))).not.toBeNull();
  for (const path of [["seq"], ["at"], ["by"], ["op"], ["keys"]])
    expect(parseRecord(JSON.stringify(bent(good, path)))).toBeNull();
  for (const name of Object.keys(good.keys[0])) {
    expect(parseRecord(JSON.stringify(bent(good, ["keys", 0, name]))), name).toBeNull();
  }
  for (const name of Object.keys(good.keys[0].versions[0])) {
    expect(parseRecord(JSON.stringify(bent(good, ["keys", 0, "versions", 0, name]))), name).toBeNull();
  }
});

test.each([
  ["at"],
  ["keys", 0, "createdAt"],
  ...["createdAt", "expiresAt", "promotedAt", "retiresAt"].map((name) => ["keys", 0, "versions", 0, name]),
])("rejects a time after the year 9999 at %s %s %s %s %s", (...path: (string | number | undefined)[]) => {
  const keys = [keyNo(1)];
  const { bytes } = formatRecord({ change: { seq: 1, at: 1, by: "ada", op: "generate", keys } }, GENESIS);
  const good = JSON.parse(bytes.toString().slice(1, -1)) as object;
  const names = path.filter((name) => name !== undefined);
  expect(parseRecord(JSON.stringify(bent(good, names, 253_402_300_799)))).not.toBeNull();
  expect(parseRecord(JSON.stringify(bent(good, names, 253_402_300_800)))).toBeNull();
});

/** Returns a copy with another value, by default an invalid one, at the end of the path. */
function bent(from: object, path: readonly (string | number)[], value: unknown = [{ bent: -1.5 }]): unknown {
  const copy = structuredClone(from) as Record<string, unknown>;
  let at = copy;
  for (const name of path.slice(0, -1)) at = at[name] as Record<string, unknown>;
  at[path.at(-1)!] = value;
  return copy;
}
