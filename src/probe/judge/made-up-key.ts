import { Secret } from "../../core/secret.ts";
import { formatToken, ID_LENGTH, SECRET_LENGTH } from "../../core/token.ts";
import type { RandomText } from "../random-text.ts";
import type { JsonObject } from "../mcp/json.ts";
import { secretOf, shapeOf, withSecret, type JwtShape } from "./key-shape.ts";

/** If fewer characters remain, the apparent prefix is treated as part of the secret. */
const MIN_RANDOM = 8;

/**
 * Makes up a key in the same format, for a server that looks only at the format: a token with the same prefix, a JWT with other values
 * in its claims and another signature, a user with another password, or for an opaque key as many random characters after
 * a prefix such as `sk-live-`.
 */
export function createWrongKey(key: Secret, random: RandomText): Secret {
  return new Secret(makeUp(key.reveal(), random));
}

function makeUp(text: string, random: RandomText): string {
  const shape = shapeOf(text);
  switch (shape.kind) {
    case "own":
      return formatToken({ prefix: shape.prefix, id: random(ID_LENGTH), secret: random(SECRET_LENGTH) }).reveal();
    case "jwt":
      return makeUpJwt(shape, random);
    case "basic":
      return withSecret(shape, makeUp(secretOf(shape), random));
    case "opaque": {
      const prefix = publicPrefixOf(text);
      const made = prefix + text.slice(prefix.length).replace(/[0-9A-Za-z]/g, () => random(1));
      return made === text ? prefix + random(SECRET_LENGTH) : made;
    }
  }
}

/** Returns the prefix of a key that is not secret, such as `mcp_` and `sk-live-`, or an empty text. */
export function publicPrefixOf(text: string): string {
  const shape = shapeOf(text);
  if (shape.kind === "own") return `${shape.prefix}_`;
  if (shape.kind !== "opaque") return "";
  const [prefix = ""] = /^(?:[A-Za-z]{1,12}[-_])*/.exec(text) ?? [];
  return text.length - prefix.length < MIN_RANDOM ? "" : prefix;
}

/** Claims that a server compares with its own name. Without them it refuses any token, signed or not. */
const KEPT_CLAIMS: readonly string[] = ["iss", "aud", "token_use", "typ"];

function makeUpJwt({ parts: [header, , signature], claims }: JwtShape, random: RandomText): string {
  const made = Object.entries(claims).map(([name, value]): [string, unknown] => [
    name,
    typeof value === "string" && !KEPT_CLAIMS.includes(name) ? random(12) : value,
  ]);
  return `${header}.${encodePart({ ...Object.fromEntries(made), jti: random(12) })}.${random(signature.length)}`;
}

/** Encodes the header or the claims of a JWT. */
export function encodePart(object: JsonObject): string {
  return Buffer.from(JSON.stringify(object)).toString("base64url");
}
