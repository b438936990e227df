import type { Secret } from "../../core/secret.ts";
import { formatToken, ID_LENGTH, parseToken, SECRET_LENGTH } from "../../core/token.ts";
import type { RandomText } from "../random-text.ts";

/**
 * Creates a well-formed key that no store contains. It has the public prefix and id of the token, but another secret, which exposes
 * servers that look up the id and do not compare the secret. Uses no part of an opaque token.
 */
export function createBogusKey(token: Secret, random: RandomText): Secret {
  const parts = parseToken(token.reveal());
  const { prefix, id } = parts.ok ? parts : { prefix: "mcp", id: random(ID_LENGTH) };
  return formatToken({ prefix, id, secret: random(SECRET_LENGTH) });
}
