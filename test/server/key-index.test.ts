import { expect, test } from "vitest";
import { digestToken } from "../../src/core/digest.ts";
import { createKeyIndex } from "../../src/server/key-index.ts";
import { aKey, aVersion } from "../fakes.ts";

const PEPPERS = [
  { id: "new", key: "0123456789abcdef0123456789abcdef" },
  { id: "old", key: "fedcba9876543210fedcba9876543210" },
];

test("a key that is put again replaces what was known of it", () => {
  const index = createKeyIndex([]);
  index.put(aKey({ versions: [aVersion({ digest: digestToken("first") })] }));
  index.put(aKey({ enabled: false, versions: [aVersion({ digest: digestToken("second") })] }));
  expect(index.size).toBe(1);
  expect(index.find("first", null)).toBeNull();
  expect(index.find("first", "7Fq2x9Lm0aBc")).toBeNull();
  expect(index.find("second", null)).toMatchObject({ key: { enabled: false } });
});

test.each([[undefined], [PEPPERS[0]], [PEPPERS[1]]])(
  "a version is found by its digest alone, whatever its pepper: %o",
  (pepper) => {
    const index = createKeyIndex(PEPPERS);
    index.put(aKey({ versions: [aVersion({ digest: digestToken("a", pepper) })] }));
    expect(index.find("a", null)).toMatchObject({ version: { n: 1 } });
    expect(index.find("a", "AAAAAAAAAAAA")).toMatchObject({ version: { n: 1 } });
    expect(index.find("b", null)).toBeNull();
  },
);

test("each version of a long history is found, under whatever pepper it was made", () => {
  const index = createKeyIndex(PEPPERS);
  const digests = Array.from({ length: 30 }, (_, i) => digestToken(`token ${i}`, [undefined, ...PEPPERS][i % 3]));
  index.put(aKey({ versions: digests.map((digest, i) => aVersion({ n: i + 1, digest })) }));
  for (let i = 0; i < 30; i++) {
    expect(index.find(`token ${i}`, "7Fq2x9Lm0aBc")).toMatchObject({ version: { n: i + 1 } });
  }
  expect(index.find("token 30", "7Fq2x9Lm0aBc")).toBeNull();
});

test("a digest whose pepper is not known matches nothing, and does not hide the others", () => {
  const index = createKeyIndex([PEPPERS[0]!]);
  const versions = PEPPERS.map((pepper, i) => aVersion({ n: i + 1, digest: digestToken(pepper.id, pepper) }));
  index.put(aKey({ versions }));
  expect(index.find("new", "7Fq2x9Lm0aBc")).toMatchObject({ version: { n: 1 } });
  expect(index.find("old", "7Fq2x9Lm0aBc")).toBeNull();
  expect([...index.unknownPeppers]).toEqual(["old"]);
});
