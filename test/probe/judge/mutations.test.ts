import fc from "fast-check";
import { expect, test } from "vitest";
import { Secret } from "../../../src/core/secret.ts";
import { parseToken } from "../../../src/core/token.ts";
import {
  changeId,
  changeKey,
  changeMiddle,
  digestsAsKeys,
  extendKey,
  patternsOf,
  swapCase,
  truncateKey,
  type KeyMutation,
} from "../../../src/probe/judge/mutations.ts";
import type { RandomText } from "../../../src/probe/random-text.ts";
import { base62, RUNS } from "../../arbitraries.ts";
import { TOKEN } from "../verify/verifying.ts";
import { anyKeys, basics, draws, jwts, ownTokens, printable } from "./key-arbitraries.ts";

const MUTATIONS = {
  changeKey,
  changeMiddle: (key, random) => [changeMiddle(key, random)].filter((one) => one !== null),
  truncateKey,
  extendKey,
  swapCase,
  changeId,
  digestsAsKeys,
  patternsOf,
} as const satisfies Record<string, (key: Secret, random: RandomText) => KeyMutation[]>;

test.each(Object.entries(MUTATIONS))("%s returns keys that differ from the original and each other", (_, mutate) => {
  fc.assert(
    fc.property(anyKeys, draws, (text, random) => {
      const made = mutate(new Secret(text), random);
      const texts = made.map(({ key }) => key.reveal());
      expect(texts).not.toContain(text);
      expect(new Set(texts).size).toBe(texts.length);
      expect(new Set(made.map(({ change }) => change)).size).toBe(made.length);
      for (const other of texts) expect(other).toMatch(/^[\x21-\x7e\x80-\xff]+$/);
      for (const { change } of made) expect(text.length > 8 && change.includes(text)).toBe(false);
    }),
    { numRuns: RUNS.some },
  );
});

/** What correct servers make of a key, each written here once more. */
const DECODERS: readonly { applies: RegExp; read: (text: string) => string | null }[] = [
  { applies: /^/, read: (text) => text.trim() },
  { applies: /^(?:[0-9a-f]{2}){8,}$/i, read: (text) => text.toLowerCase() },
  { applies: /^(?:[0-9a-f]{2}){8,}$/i, read: (text) => Buffer.from(text, "hex").toString("hex") },
  { applies: /^[\w+/-]{16,}={0,2}$/, read: (text) => Buffer.from(text, "base64").toString("hex") },
  { applies: /^[\w+/-]{16,}={0,2}$/, read: (text) => readWithAtob(text) },
  { applies: /^[0-9a-f]{8}-[0-9a-f-]{27}$/i, read: (text) => text.replaceAll("-", "").toLowerCase() },
  // A JWT server verifies the text of the first two parts and the bytes of the third.
  {
    applies: /^eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+$/,
    read: (text) => text.replace(/[^.]*$/, (signature) => Buffer.from(signature, "base64url").toString("hex")),
  },
  // A server that takes the key as a Basic password ignores the user name.
  { applies: /^[\w+/]{8,}={0,2}$/, read: (text) => /^[ -~]*?:(.+)$/s.exec(String(readWithAtob(text)))?.[1] ?? null },
];

function readWithAtob(text: string): string | null {
  try {
    return atob(text.replaceAll("-", "+").replaceAll("_", "/").replace(/=+$/, ""));
  } catch {
    return null;
  }
}

test("no mutation decodes to the same key under any encoding", () => {
  fc.assert(
    fc.property(anyKeys, draws, (text, random) => {
      const key = new Secret(text);
      const made = Object.values(MUTATIONS).flatMap((mutate) => mutate(key, random));
      for (const { applies, read } of parseToken(text).ok ? [] : DECODERS) {
        const original = applies.test(text) ? read(text) : null;
        if (original === null || original === "") continue;
        for (const { change, key: other } of made) {
          expect({ change, reads: read(other.reveal()) }).not.toEqual({ change, reads: original });
        }
      }
    }),
    { numRuns: 2 * RUNS.some },
  );
});

test("changeKey changes the secret of a token with a valid checksum, then the checksum alone", () => {
  fc.assert(
    fc.property(ownTokens, draws, (text, random) => {
      const made = changeKey(new Secret(text), random).map(({ key }) => key.reveal());
      expect(made.map((other) => parseToken(other).ok)).toEqual([true, true, true, false]);
      const [start = [], middle = [], end = [], none] = made.map((other) =>
        differences(other.slice(-49, -6), text.slice(-49, -6)),
      );
      expect(Math.max(...start)).toBeLessThan(5);
      expect([Math.min(...middle) >= 22, Math.max(...middle) < 39]).toEqual([true, true]);
      expect(Math.min(...end)).toBeGreaterThan(37);
      expect(none).toEqual([]);
      for (const other of made) expect(other.slice(0, -49)).toBe(text.slice(0, -49));
      expect(made[1]?.slice(-6)).toBe(text.slice(-6));
    }),
    { numRuns: RUNS.some },
  );
});

test("changeKey changes the start, the middle and the end of an opaque key, and keeps its length and prefix", () => {
  for (const { key, changed } of [
    { key: "sk-live-0a1B2c3D4e5F6g7H8i9J0k1L", changed: [[8, 9], range(20, 26), [30, 31]] },
    { key: "550e8400-e29b-41d4-a716-446655440000", changed: [[1, 2], range(18, 27), [31, 32]] },
  ]) {
    const made = changeKey(new Secret(key), (length) => "7Yx".repeat(length).slice(0, length));
    const found = made.map((one) => differences(one.key.reveal(), key));
    for (const [i, at] of found.entries()) for (const one of at) expect(changed[i]).toContain(one);
    expect(found.map((at) => at.length > 0)).toEqual([true, true, true]);
  }
});

test("changeKey keeps the sum of the characters at both ends", () => {
  const key = new Secret("sk-live-0a1B2c3D4e5F6g7H8i9J0k1L");
  const sum = (text: string): number => [...Buffer.from(text)].reduce((all, one) => all + one, 0);
  const [start, , end] = changeKey(key, (length) => "7".repeat(length)).map((one) => sum(one.key.reveal()));
  expect([start, end]).toEqual([sum(key.reveal()), sum(key.reveal())]);
});

test("changeKey changes a JWT so that it still parses, and its signature in bytes that count", () => {
  fc.assert(
    fc.property(jwts, draws, (text, random) => {
      const [header, payload, signature = ""] = text.split(".");
      const made = changeKey(new Secret(text), random).map(({ key }) => key.reveal().split("."));
      expect(made[0]?.[2]).toBe(signature);
      const claims = JSON.parse(Buffer.from(made[0]?.[1] ?? "", "base64url").toString()) as object;
      expect(claims).toMatchObject(JSON.parse(Buffer.from(payload ?? "", "base64url").toString()) as object);
      for (const [head, body, other = ""] of made.slice(1)) {
        expect([head, body]).toEqual([header, payload]);
        expect(Buffer.from(other, "base64url").equals(Buffer.from(signature, "base64url"))).toBe(false);
        expect(other.length).toBe(signature.length);
      }
    }),
    { numRuns: RUNS.some },
  );
});

test("Basic credentials keep their user name and get another password", () => {
  fc.assert(
    fc.property(basics, draws, (text, random) => {
      const [user = "", password = ""] = Buffer.from(text, "base64").toString().split(":");
      for (const { key } of changeKey(new Secret(text), random)) {
        const other = Buffer.from(key.reveal(), "base64").toString("latin1").split(":");
        expect(other[0] === user).toBe(password !== "");
        expect(other[1] === password).toBe(password === "");
      }
    }),
    { numRuns: RUNS.some },
  );
});

test("changeMiddle keeps the ends of any key of nine characters or more", () => {
  fc.assert(
    fc.property(fc.integer({ min: 9, max: 60 }).chain(base62), draws, (text, random) => {
      const made = changeMiddle(new Secret(text), random)?.key.reveal() ?? "";
      expect([made.length, made.slice(0, 3), made.slice(-3)]).toEqual([text.length, text.slice(0, 3), text.slice(-3)]);
    }),
    { numRuns: RUNS.some },
  );
});

test("truncateKey returns parts of the key, and extendKey returns keys that contain it", () => {
  fc.assert(
    fc.property(fc.oneof(ownTokens, printable), (text) => {
      const key = new Secret(text);
      fc.pre(!text.endsWith("="));
      for (const cut of truncateKey(key)) expect(text.includes(cut.key.reveal())).toBe(true);
      for (const longer of extendKey(key)) expect(longer.key.reveal().includes(text)).toBe(true);
      expect(truncateKey(key).length > 0).toBe(text.length > 1);
      expect(extendKey(key).length).toBeGreaterThan(0);
    }),
    { numRuns: RUNS.some },
  );
});

test.each([
  ["0123456789abcdef0123456789abcdef", "hexadecimal"],
  ["550e8400-e29b-41d4-a716-446655440000", "a UUID"],
  ["12345678-1234", "without letters"],
])("swapCase does not swap %s: it is %s", (text) => {
  expect(swapCase(new Secret(text)).map(({ change }) => change)).not.toContain("its letters in the opposite case");
});

test("swapCase swaps every letter, and writes them in their full-width forms", () => {
  const [swapped, wide] = swapCase(new Secret("sk-live-0a1B2c")).map(({ key }) => key.reveal());
  expect(swapped).toBe("SK-LIVE-0A1b2C");
  expect(
    Buffer.from(wide ?? "", "latin1")
      .toString()
      .normalize("NFKC"),
  ).toBe("sk-live-0a1B2c");
});

test("changeId keeps prefix and secret and updates the checksum, but skips opaque keys", () => {
  const random = (length: number): string => "7Yx".repeat(length).slice(0, length);
  const [made] = changeId(TOKEN, random);
  expect(parseToken(made?.key.reveal() ?? "")).toEqual({ ok: true, prefix: "mcp", id: "7Yx7Yx7Yx7Yx" });
  expect(made?.key.reveal().slice(-49, -6)).toBe(TOKEN.reveal().slice(-49, -6));
  expect(changeId(new Secret("sk-live-0a1B2c3D"), random)).toEqual([]);
});

function differences(one: string, other: string): number[] {
  expect(one.length).toBe(other.length);
  return [...one].flatMap((c, i) => (c === other[i] ? [] : [i]));
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

test("changeMiddle keeps the first half of every key, so a server that compares only that accepts it", () => {
  const keys = [
    TOKEN.reveal(),
    "sk-live-0a1B2c3D4e5F6g7H8i9J0k1L",
    "aGVsbG8gd29ybGQsIHRoaXMgaXMgYSBsb25nIGtleQ==",
    "abcdef012345",
  ];
  for (const text of keys) {
    const made = changeMiddle(new Secret(text), (length) => "q7Wz".repeat(20).slice(0, length))?.key.reveal() ?? "";
    const half = Math.floor(text.length / 2);
    expect([text, made.slice(0, half)]).toEqual([text, text.slice(0, half)]);
    expect(made).not.toBe(text);
    expect(made.slice(-3)).toBe(text.slice(-3));
  }
});
