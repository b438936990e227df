import fc from "fast-check";
import { expect, test } from "vitest";
import { Secret } from "../../../src/core/secret.ts";
import { BASE62, formatToken, parseToken } from "../../../src/core/token.ts";
import {
  changeId,
  changeKey,
  createWrongKey,
  truncateKey,
  extendKey,
  swapCase,
  type KeyMutation,
} from "../../../src/probe/judge/mutations.ts";
import { base62, prefixes, RUNS } from "../../arbitraries.ts";
import { TOKEN } from "../verify/verifying.ts";

const ownTokens = fc
  .tuple(prefixes, base62(12), base62(43))
  .map(([prefix, id, secret]) => formatToken({ prefix, id, secret }).reveal());
/** Any header value. */
const opaque = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 80,
});
const keys = fc.oneof(ownTokens, opaque);

const random = (length: number): string => "7Yx".repeat(length).slice(0, length);
const MUTATIONS = {
  changeKey,
  truncateKey,
  extendKey,
  swapCase,
  changeId: (key: Secret) => changeId(key, random),
} as const satisfies Record<string, (key: Secret) => KeyMutation[]>;

test.each(Object.entries(MUTATIONS))("%s returns keys that differ from the original and each other", (_, mutate) => {
  fc.assert(
    fc.property(keys, (text) => {
      const made = mutate(new Secret(text));
      const texts = made.map(({ key }) => key.reveal());
      expect(texts).not.toContain(text);
      expect(new Set(texts).size).toBe(texts.length);
      expect(new Set(made.map(({ change }) => change)).size).toBe(made.length);
      for (const other of texts) expect(other).toMatch(/^[\x21-\x7e]+$/);
      for (const { change } of made) expect(text.length > 8 && change.includes(text)).toBe(false);
    }),
    { numRuns: RUNS.some },
  );
});

test("changeKey changes the secret of a token with a valid checksum, then the checksum alone", () => {
  fc.assert(
    fc.property(ownTokens, (text) => {
      const made = changeKey(new Secret(text)).map(({ key }) => key.reveal());
      expect(made.map((other) => parseToken(other).ok)).toEqual([true, true, true, false]);
      const secrets = made.map((other) => other.slice(-49, -6));
      expect(secrets.map((secret) => differences(secret, text.slice(-49, -6)))).toEqual([[0], [21], [42], []]);
      for (const other of made) expect(other.slice(0, -49)).toBe(text.slice(0, -49));
    }),
    { numRuns: RUNS.some },
  );
});

test("changeKey changes one of up to three characters of an opaque key", () => {
  fc.assert(
    fc.property(opaque, (text) => {
      const made = changeKey(new Secret(text)).map(({ key }) => differences(key.reveal(), text));
      const last = text.length - 1;
      expect(made).toEqual([...new Set([0, Math.floor(last / 2), last])].map((at) => [at]));
    }),
    { numRuns: RUNS.some },
  );
});

test("truncateKey returns parts of the key, and extendKey returns keys that contain it", () => {
  fc.assert(
    fc.property(keys, (text) => {
      const key = new Secret(text);
      for (const cut of truncateKey(key)) expect(text.includes(cut.key.reveal())).toBe(true);
      for (const longer of extendKey(key)) expect(longer.key.reveal().includes(text)).toBe(true);
      expect(truncateKey(key).length > 0).toBe(text.length > 1);
      expect(extendKey(key).length).toBeGreaterThan(0);
    }),
    { numRuns: RUNS.some },
  );
});

test("swapCase returns nothing for a key without letters", () => {
  fc.assert(
    fc.property(keys, (text) => {
      const made = swapCase(new Secret(text)).map(({ key }) => key.reveal());
      expect(made.map((other) => other.toLowerCase())).toEqual(/[a-z]/i.test(text) ? [text.toLowerCase()] : []);
    }),
    { numRuns: RUNS.some },
  );
});

test("changeId keeps prefix and secret and updates the checksum, but skips opaque keys", () => {
  const [made] = changeId(TOKEN, random);
  expect(parseToken(made?.key.reveal() ?? "")).toEqual({ ok: true, prefix: "mcp", id: "7Yx7Yx7Yx7Yx" });
  expect(made?.key.reveal().slice(-49, -6)).toBe(TOKEN.reveal().slice(-49, -6));
  expect(changeId(new Secret("sk-live-0a1B2c3D"), random)).toEqual([]);
});

test("createWrongKey keeps the format of the key and nothing secret", () => {
  const digits = fc.infiniteStream(fc.constantFrom(...BASE62));
  fc.assert(
    fc.property(keys, digits, (text, stream) => {
      const draw = (length: number): string => Array.from({ length }, () => stream.next().value).join("");
      const made = createWrongKey(new Secret(text), draw).reveal();
      expect(made).not.toBe(text);
      expect(made).toMatch(/^[\x21-\x7e]+$/);
      const parts = parseToken(text);
      if (!parts.ok) return;
      expect(parseToken(made)).toMatchObject({ ok: true, prefix: parts.prefix });
      expect(made.slice(-49, -6)).not.toBe(text.slice(-49, -6));
    }),
    { numRuns: RUNS.some },
  );
});

test.each([
  ["sk-live-0a1B2c3D4e5F", "sk-live-777777777777"],
  ["sk-proj-ab_0a1B2c3D4e5F", "sk-proj-ab_777777777777"],
  ["550e8400-e29b-41d4-a716-446655440000", "77777777-7777-7777-7777-777777777777"],
  ["correct-horse-battery-staple", "7777777-77777-7777777-777777"],
  ["my-key", "77-777"],
  ["hunter2", "7777777"],
  ["7777", "7".repeat(43)],
  ["****", "7".repeat(43)],
])("createWrongKey turns %s into %s", (text, wrong) => {
  const sevens = (length: number): string => "7".repeat(length);
  const made = createWrongKey(new Secret(text), sevens).reveal();
  expect(made).toBe(wrong);
});

function differences(one: string, other: string): number[] {
  expect(one.length).toBe(other.length);
  return [...one].flatMap((c, i) => (c === other[i] ? [] : [i]));
}
