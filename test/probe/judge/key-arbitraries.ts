import fc from "fast-check";
import { BASE62, formatToken } from "../../../src/core/token.ts";
import { base62, prefixes } from "../../arbitraries.ts";

export const ownTokens = fc
  .tuple(prefixes, base62(12), base62(43))
  .map(([prefix, id, secret]) => formatToken({ prefix, id, secret }).reveal());

/** Any header value. */
export const printable = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 80,
});

const bytes = fc.uint8Array({ minLength: 16, maxLength: 48 }).map((array) => Buffer.from(array));

/** Random bytes in the encodings in which keys are written. */
export const encoded = fc
  .tuple(bytes, fc.constantFrom("hex" as const, "base64" as const, "base64url" as const), fc.boolean())
  .map(([key, encoding, other]) => {
    const text = key.toString(encoding);
    if (!other) return text;
    return encoding === "hex" ? text.toUpperCase() : text.replace(/=+$/, "");
  });

export const uuids = fc.uuid();

const claims = fc.record({ sub: base62(8), exp: fc.integer({ min: 1e9, max: 4e9 }), scope: fc.constant("mcp") });

/** JWTs whose signatures end in zero to four spare bits. */
export const jwts = fc
  .tuple(claims, fc.uint8Array({ minLength: 32, maxLength: 66 }))
  .map(([payload, signature]) =>
    [
      Buffer.from(JSON.stringify({ alg: "HS256", typ: "JWT" })).toString("base64url"),
      Buffer.from(JSON.stringify(payload)).toString("base64url"),
      Buffer.from(signature).toString("base64url"),
    ].join("."),
  );

/** Basic credentials, some with the key as the user name, some without the padding. */
export const basics = fc
  .tuple(base62(5), fc.oneof(base62(24), ownTokens, encoded, fc.constant("")), fc.boolean())
  .map(([user, password, padded]) => {
    const text = Buffer.from(`${user}:${password}`).toString("base64");
    return padded ? text : text.replace(/=+$/, "");
  });

export const anyKeys = fc.oneof(ownTokens, printable, encoded, uuids, jwts, basics);

/** Draws from a seed, so that a failure can be repeated. */
export const draws = fc.infiniteStream(fc.constantFrom(...BASE62)).map((stream) => (length: number) => {
  return Array.from({ length }, () => stream.next().value).join("");
});
