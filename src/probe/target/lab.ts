import type { Secret } from "../../core/secret.ts";

/**
 * A key that a check made for itself in the store of the server: a canary.
 * @example
 * ```ts
 * import type { LabKey } from "mcp-keys";
 *
 * const headersOf = ({ token }: LabKey) => ({ Authorization: `Bearer ${token.reveal()}` });
 * ```
 */
export interface LabKey {
  /** Its name in the store. */
  readonly name: string;
  readonly token: Secret;
  /** Seconds since 1970: the first at which it no longer works. */
  readonly expiresAt: number;
  disable(): Promise<void>;
  enable(): Promise<void>;
  /** At once and for good, with all its tokens. */
  revoke(): Promise<void>;
  /** Adds a version and returns its token; the one before works on beside it. */
  rotate(): Promise<Secret>;
}

/**
 * Makes keys in the store that the server under test uses, and revokes every one of them at the end, however the run ends.
 * @throws `KeysError` of the store; `INTERRUPTED` once the run is over
 * @example
 * ```ts
 * import { createKeys, openStore, type Lab, type LabKey } from "mcp-keys";
 *
 * const keys = createKeys({ store: await openStore() });
 * const lab: Lab = {
 *   knows: async (key) => (await keys.check(key.reveal())).ok,
 *   mint: async (purpose, lifetime = 3_600): Promise<LabKey> => {
 *     const name = `canary-${purpose}`;
 *     const expiresAt = Math.floor(Date.now() / 1000) + lifetime;
 *     const { token } = await keys.generate({ name, expiresAt });
 *     return {
 *       ...{ name, token, expiresAt },
 *       disable: async () => void (await keys.disable(name)),
 *       enable: async () => void (await keys.enable(name)),
 *       revoke: async () => void (await keys.revoke(name)),
 *       rotate: () => new Promise((deliver) => void keys.rotate(name, { deliver: async (issued) => deliver(issued.token) })),
 *     };
 *   },
 * };
 * ```
 */
export interface Lab {
  /** Whether the store has this key, in whatever state. */
  knows(key: Secret): Promise<boolean>;
  /**
   * @param purpose - A word for its name, such as `second`.
   * @param lifetime - Seconds until it expires; an hour when left out, so that none stays where nobody could revoke it.
   */
  mint(purpose: string, lifetime?: number): Promise<LabKey>;
}

/** The same lab, which tells of every token before anybody has it. */
export function reportTokens(lab: Lab, onToken: (token: Secret) => void): Lab {
  return {
    knows: (key) => lab.knows(key),
    mint: async (purpose, lifetime) => {
      const key = await lab.mint(purpose, lifetime);
      onToken(key.token);
      return {
        ...key,
        rotate: async () => {
          const token = await key.rotate();
          onToken(token);
          return token;
        },
      };
    },
  };
}
