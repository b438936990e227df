import type { Secret } from "../../core/secret.ts";
import { formatToken, ID_LENGTH, SECRET_LENGTH } from "../../core/token.ts";
import { shapeOf } from "../judge/key-shape.ts";
import { createWrongKey } from "../judge/made-up-key.ts";
import type { RandomText } from "../random-text.ts";

/**
 * Creates a well-formed key that no store contains. It has the public prefix and id of a token, but another secret, which exposes
 * servers that look up the id and do not compare the secret. For a JWT and for the user and password of Basic it has their form, because a server may
 * read that first. Uses no part of any other token.
 */
export function createBogusKey(token: Secret, random: RandomText): Secret {
  const shape = shapeOf(token.reveal());
  if (shape.kind === "jwt" || shape.kind === "basic") return createWrongKey(token, random);
  const { prefix, id } = shape.kind === "own" ? shape : { prefix: "mcp", id: random(ID_LENGTH) };
  return formatToken({ prefix, id, secret: random(SECRET_LENGTH) });
}
