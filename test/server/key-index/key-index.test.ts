import fc from "fast-check";
import { expect, test } from "vitest";
import { digestToken, FORGOTTEN, type Pepper } from "../../../src/core/digest.ts";
import type { Key } from "../../../src/core/key.ts";
import { NO_ID } from "../../../src/core/token.ts";
import { createKeyIndex, type FoundVersion, type KeyIndex } from "../../../src/server/key-index/key-index.ts";
import { aKey, aVersion } from "../../fakes.ts";

const PEPPERS = [
  { id: "new", key: "0123456789abcdef0123456789abcdef" },
  { id: "old", key: "fedcba9876543210fedcba9876543210" },
];

/** Finds a token as a verifier does, with the id in it, if any. */
function find(index: KeyIndex, token: string, id: string | null): FoundVersion | null {
  return id === null ? index.find(token, token, NO_ID) : index.find(token, `_${id}_`, 1);
}

test("a key that is put again replaces the old one", () => {
  const index = createKeyIndex([]);
  index.put(aKey({ versions: [aVersion({ digest: digestToken("first") })] }));
  index.put(aKey({ enabled: false, versions: [aVersion({ digest: digestToken("second") })] }));
  expect(index.size()).toBe(1);
  expect(find(index, "first", null)).toBeNull();
  expect(find(index, "first", "7Fq2x9Lm0aBc")).toBeNull();
  expect(find(index, "second", null)).toMatchObject({ key: { enabled: false } });
});

test("a key that is put again with fewer versions counts once", () => {
  const index = createKeyIndex([]);
  const versions = [1, 2, 3].map((n) => aVersion({ n, digest: digestToken(`token ${n}`) }));
  for (const count of [3, 1, 2]) {
    const key = aKey({ versions: versions.slice(0, count) });
    index.put(key);
    expect([...index.workingKeys(1)]).toEqual([key]);
    const census = index.census(1);
    expect(census.step(10)).toBe(true);
    expect(census.counts).toMatchObject({ active: 1, revoked: 0 });
  }
});

test("a cached version is found in its current state after every change", () => {
  const index = createKeyIndex([]);
  const versions = [aVersion({ digest: digestToken("first") })];
  for (const enabled of [true, false, true]) {
    index.put(aKey({ enabled, versions }));
    for (let i = 0; i < 4; i++) expect(find(index, "first", "7Fq2x9Lm0aBc")).toMatchObject({ key: { enabled } });
  }
  // One of them shares its place in the cache.
  const others = Array.from({ length: 4096 }, (_, i) => `key${String(i).padStart(9, "0")}`);
  for (const id of others) index.put(aKey({ id, versions: [aVersion({ digest: digestToken(id) })] }));
  const rival = others.at(-1)!;
  for (const round of [1, 2, 3]) {
    for (let i = 0; i < round; i++) expect(find(index, rival, rival)).toMatchObject({ key: { id: rival } });
    for (let i = 0; i < round; i++)
      expect(find(index, "first", "7Fq2x9Lm0aBc")).toMatchObject({ key: { id: "7Fq2x9Lm0aBc" } });
  }
});

test.each([[undefined], [PEPPERS[0]], [PEPPERS[1]]])(
  "a version is found by its digest alone, with any pepper: %o",
  (pepper) => {
    const index = createKeyIndex(PEPPERS);
    index.put(aKey({ versions: [aVersion({ digest: digestToken("a", pepper) })] }));
    expect(find(index, "a", null)).toMatchObject({ version: { n: 1 } });
    expect(find(index, "a", "AAAAAAAAAAAA")).toMatchObject({ version: { n: 1 } });
    expect(find(index, "b", null)).toBeNull();
  },
);

test("every version of a long history is found, with any pepper", () => {
  const index = createKeyIndex(PEPPERS);
  const digests = Array.from({ length: 30 }, (_, i) => digestToken(`token ${i}`, [undefined, ...PEPPERS][i % 3]));
  index.put(aKey({ versions: digests.map((digest, i) => aVersion({ n: i + 1, digest })) }));
  for (let i = 0; i < 30; i++) {
    expect(find(index, `token ${i}`, "7Fq2x9Lm0aBc")).toMatchObject({ version: { n: i + 1 } });
  }
  expect(find(index, "token 30", "7Fq2x9Lm0aBc")).toBeNull();
});

test("a digest with an unknown pepper matches nothing and does not hide the others", () => {
  const index = createKeyIndex([PEPPERS[0]!]);
  const versions = PEPPERS.map((pepper, i) => aVersion({ n: i + 1, digest: digestToken(pepper.id, pepper) }));
  index.put(aKey({ versions }));
  expect(find(index, "new", "7Fq2x9Lm0aBc")).toMatchObject({ version: { n: 1 } });
  expect(find(index, "old", "7Fq2x9Lm0aBc")).toBeNull();
  expect([...index.withoutPepper.peppersAt(0)]).toEqual(["old"]);
});

test("a found key has exactly the members it was put with", () => {
  const index = createKeyIndex(PEPPERS);
  const put = aKey({
    ...{ owner: "ada", note: "for the nightly build", tags: { team: "core" }, revision: 2 ** 40, enabled: false },
    ...{ scopes: ["read", "write"], audience: ["https://a.example/mcp"] },
    versions: [
      aVersion({ digest: digestToken("a"), state: "revoked", reason: "compromised", expiresAt: 2 ** 33 }),
      aVersion({ n: 2, digest: digestToken("b", PEPPERS[1]), state: "retiring", promotedAt: 0, retiresAt: 7 }),
      aVersion({ n: 3, digest: digestToken("c", { id: "lost", key: "x" }), lastUsedAt: 9 }),
    ],
  });
  index.put(put);
  const plain = aKey({ id: "AAAAAAAAAAAA", name: "plain", versions: [aVersion({ digest: digestToken("d") })] });
  index.put(plain);
  expect(find(index, "a", put.id)).toMatchObject({ key: put, version: put.versions[0] });
  expect(find(index, "b", null)?.key).toStrictEqual(put);
  expect(find(index, "d", "AAAAAAAAAAAA")?.key).toStrictEqual(plain);
});

test("scopes that keys share cannot be changed through one of them", () => {
  const index = createKeyIndex([]);
  index.put(aKey({ scopes: ["read"], versions: [aVersion({ digest: digestToken("a") })] }));
  const scopes = find(index, "a", null)!.key.scopes as string[];
  expect(() => scopes.push("write")).toThrow(TypeError);
});

test.each<Partial<Key>>([
  ...[{ prefix: "acme" }, { scopes: ["b"] }, { scopes: ["a", "b"] }, { audience: ["https://b.example"] }],
  ...[{ tags: { team: "b" } }, { tags: { unit: "a" } }, { tags: {} }, { createdBy: "b@laptop" }, { enabled: false }],
  ...[{ owner: "b" }, { note: "b" }],
])("keys keep what differs between them: %o", (change) => {
  const index = createKeyIndex([]);
  const first = aKey({ id: "AAAAAAAAAAAA", scopes: ["a"], tags: { team: "a" } });
  const second = { ...first, ...change, id: "BBBBBBBBBBBB" };
  // The first key is put twice, because the second one must not get the place of its fields.
  for (const key of [first, first, second, { ...first, id: "CCCCCCCCCCCC" }]) index.put(key);
  expect(index.get(first.id)).toEqual(first);
  expect(index.get(second.id)).toEqual(second);
  expect(index.get("CCCCCCCCCCCC")).toEqual({ ...first, id: "CCCCCCCCCCCC" });
});

test("keys are added and changed in any order, and each token stays with its key", () => {
  const index = createKeyIndex([]);
  // Some have ids that no token can carry, and all have shared fields that come and go.
  const idOf = (i: number) => (i % 50 === 0 ? `odd ${i}` : `key${String(i).padStart(9, "0")}`);
  const keyOf = (i: number, versions: number) =>
    aKey({
      ...{ id: idOf(i), name: `key-${i}`, tags: { round: String(versions), third: String(i % 3) } },
      versions: Array.from({ length: versions }, (_, v) =>
        aVersion({ n: v + 1, digest: digestToken(`token ${i} ${v + 1}`) }),
      ),
    });
  for (let versions = 1; versions <= 3; versions++) {
    for (let i = 0; i < 1500; i += versions) index.put(keyOf(i, versions));
  }
  expect(index.size()).toBe(1500);
  for (let i = 0; i < 1500; i++) {
    const versions = i % 3 === 0 ? 3 : i % 2 === 0 ? 2 : 1;
    for (const id of [null, idOf(i), "key000000007"]) {
      const found = find(index, `token ${i} ${versions}`, id);
      expect(found?.key).toStrictEqual(keyOf(i, versions));
      expect(found?.version.n).toBe(versions);
    }
    expect(find(index, `token ${i} ${versions + 1}`, idOf(i))).toBeNull();
  }
});

test("each use is reported once, with its latest time, also after the version is put again", () => {
  const index = createKeyIndex([]);
  const key = aKey({ versions: [aVersion({ digest: digestToken("a") })] });
  index.put(key);
  const { row } = find(index, "a", null)!;
  for (const at of [5, 7, 6]) index.use(row, at);
  index.put({ ...key, revision: 1 });
  expect(find(index, "a", null)?.version.lastUsedAt).toBe(7);
  expect(index.takeUses()).toEqual([{ id: key.id, n: 1, at: 7 }]);
  index.use(row, 7);
  expect(index.takeUses()).toEqual([]);
});

test("a version without a digest is never found, is returned as it was put, and leaves no old digest behind", () => {
  const index = createKeyIndex([]);
  index.put(aKey({ versions: [aVersion({ digest: digestToken("first") })] }));
  const versions = [
    aVersion({ state: "revoked", reason: "other", digest: FORGOTTEN }),
    aVersion({ n: 2, digest: digestToken("second") }),
  ];
  index.put(aKey({ versions }));
  expect(find(index, "first", null)).toBeNull();
  expect(find(index, "first", "7Fq2x9Lm0aBc")).toBeNull();
  expect(find(index, "second", "7Fq2x9Lm0aBc")?.key.versions).toEqual(versions);
  index.put(aKey({ versions: [versions[0]!, { ...versions[1]!, state: "revoked", digest: FORGOTTEN }] }));
  expect(find(index, "second", "7Fq2x9Lm0aBc")).toBeNull();
  expect([index.size(), [...index.withoutPepper.peppersAt(0)]]).toEqual([0, []]);
});

test("an id with characters above 255 never matches a key", () => {
  const index = createKeyIndex([]);
  index.put(aKey({ versions: [aVersion({ digest: digestToken("first") })] }));
  for (let i = 0; i < 4; i++) expect(find(index, "second", "7Fq2\u01789Lm0aBc")).toBeNull();
  for (let i = 0; i < 4; i++) expect(find(index, "first", "7Fq2x9Lm0aBc")?.key.id).toBe("7Fq2x9Lm0aBc");
});

test("earlier lookups change no result: a found version stays findable, and a miss stays a miss", () => {
  const index = createKeyIndex(PEPPERS);
  const [id, secret] = ["7Fq2x9Lm0aBc", "s".repeat(43)];
  const tokens = ["111111", "222222"].map((checksum) => `mcp_${id}_${secret}${checksum}`);
  for (const pepper of [undefined, PEPPERS[0]]) {
    for (const [i, token] of tokens.entries()) {
      index.put(aKey({ id, versions: [aVersion({ n: i + 1, digest: digestToken(token, pepper) })] }));
      for (const turn of [1, 2, 3]) {
        expect(index.find(token, token, 4), String(turn)).toMatchObject({ version: { n: i + 1 } });
        expect(index.find(tokens[1 - i]!, tokens[1 - i]!, 4)).toBeNull();
        expect(find(index, token.replace("sss", "tss"), id)).toBeNull();
        index.use(1, turn);
      }
      expect(index.takeUses()).toHaveLength(1);
    }
  }
  const both = tokens.map((token, i) => aVersion({ n: i + 1, digest: digestToken(token) }));
  index.put(aKey({ id, versions: both }));
  for (const n of [1, 2, 1]) expect(index.find(tokens[n - 1]!, tokens[n - 1]!, 4)).toMatchObject({ version: { n } });
});

test("the id in a token decides between versions with the same digest, whichever peppers they have", () => {
  const ids = ["7Fq2x9Lm0aBc", "AAAAAAAAAAAA", "BBBBBBBBBBBB"];
  const tokens = ["a", "b", "c", "d"];
  const check = (puts: readonly (readonly [string, (readonly [string, Pepper | undefined])[]])[]): void => {
    const index = createKeyIndex(PEPPERS);
    const known = new Map<string, string[]>();
    for (const [id, versions] of puts) {
      const all = versions.map(([token, pepper], i) => aVersion({ n: i + 1, digest: digestToken(token, pepper) }));
      index.put(aKey({ id, versions: all }));
      known.set(
        id,
        versions.map(([token]) => token),
      );
    }
    for (const token of [...tokens, "e"]) {
      for (const id of [...ids, "CCCCCCCCCCCC", null]) {
        const found = find(index, token, id);
        const newest = (known.get(id ?? "") ?? []).lastIndexOf(token) + 1;
        if (newest > 0) expect(found).toMatchObject({ key: { id }, version: { n: newest } });
        else if (![...known.values()].flat().includes(token)) expect(found).toBeNull();
        else expect(known.get(found?.key.id ?? "")?.[(found?.version.n ?? 0) - 1]).toBe(token);
      }
    }
  };
  for (const peppers of [[undefined], PEPPERS.slice(1), [undefined, ...PEPPERS]]) {
    const version = fc.tuple(fc.constantFrom(...tokens), fc.constantFrom(...peppers));
    const put = fc.tuple(fc.constantFrom(...ids), fc.array(version, { minLength: 1, maxLength: 3 }));
    fc.assert(fc.property(fc.array(put, { maxLength: 6 }), check));
  }
});
