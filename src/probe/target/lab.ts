import type { Secret } from "../../core/secret.ts";

/**
 * A key that a {@link Lab} created for a test.
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
  /** Seconds since 1970. From then on the key is refused. */
  readonly expiresAt: number;
  disable(): Promise<void>;
  enable(): Promise<void>;
  /** Revokes the key and all its tokens permanently. */
  revoke(): Promise<void>;
  /** Adds a version and returns its token. The previous token stays valid. */
  rotate(): Promise<Secret>;
}

/**
 * Creates keys in the store of the server under test. The implementation revokes all of them when the run ends.
 * @throws `KeysError` of the store, or `INTERRUPTED` after the run has ended
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
  /** Returns whether the store contains this key, in any state. */
  knows(key: Secret): Promise<boolean>;
  /**
   * Creates a key.
   * @param purpose - A word for its name, such as `expiring`.
   * @param lifetime - Seconds until it expires. Default: one hour, in case it cannot be revoked.
   */
  mint(purpose: string, lifetime?: number): Promise<LabKey>;
}

/** Wraps a lab to report every token before it is used. */
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
