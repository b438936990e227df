import { customRandom } from "nanoid";
import { digestToken, type Digest, type Pepper } from "../core/digest.ts";
import type { KeyId } from "../core/key.ts";
import type { Secret } from "../core/secret.ts";
import { BASE62, formatToken, ID_LENGTH, SECRET_LENGTH } from "../core/token.ts";

/**
 * Returns `size` uniformly distributed random bytes. Must be a cryptographic generator.
 * @example
 * ```ts
 * import { randomBytes } from "node:crypto";
 * import { createKeys, openStore, type Random } from "mcp-keys";
 *
 * const random: Random = (size) => randomBytes(size);
 * const keys = createKeys({ store: await openStore(), random });
 * ```
 */
export type Random = (size: number) => Uint8Array;

/** A new token and its digest. */
export interface Minted {
  readonly token: Secret;
  readonly digest: Digest;
}

/** Creates ids and tokens. */
export interface Mint {
  id(): KeyId;
  token(prefix: string, id: KeyId): Minted;
}

/**
 * Creates the generator of ids and tokens.
 * @param pepper - keys the digests, if given
 */
export function createMint(random: Random, pepper: Pepper | undefined): Mint {
  // nanoid discards bytes that would favour some characters, so all 62 are equally likely.
  const drawId = customRandom(BASE62, ID_LENGTH, (size) => random(size));
  const drawSecret = customRandom(BASE62, SECRET_LENGTH, (size) => random(size));
  return {
    id: () => drawId(),
    token: (prefix, id) => {
      const token = formatToken({ prefix, id, secret: drawSecret() });
      return { token, digest: digestToken(token.reveal(), pepper) };
    },
  };
}
