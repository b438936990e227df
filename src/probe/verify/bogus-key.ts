import type { Secret } from "../../core/secret.ts";
import { formatToken, ID_LENGTH, parseToken, SECRET_LENGTH } from "../../core/token.ts";

/**
 * A well-formed key that no store knows: prefix and id of the token, which are public, and a secret of its own, so that a
 * server which finds a key by its id and forgets to compare the secret lets it in. Of an opaque token nothing is taken.
 * @param random - That many random characters of `[0-9A-Za-z]`.
 */
export function createBogusKey(token: Secret, random: (length: number) => string): Secret {
  const parts = parseToken(token.reveal());
  const { prefix, id } = parts.ok ? parts : { prefix: "mcp", id: random(ID_LENGTH) };
  return formatToken({ prefix, id, secret: random(SECRET_LENGTH) });
}
