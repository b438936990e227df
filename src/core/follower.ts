import type { Position } from "./position.ts";

/**
 * A verifier that follows a store, as the store knows it.
 * @example
 * ```ts
 * import type { Follower, KeyStore } from "mcp-keys";
 *
 * const alive = async (store: KeyStore): Promise<Follower[]> =>
 *   ((await store.followers?.()) ?? []).filter(({ leaseLeft }) => leaseLeft > 0);
 * ```
 */
export interface Follower {
  /** A random id: each verifier has its own. */
  readonly id: string;
  /** The name of the server, for people. Several followers may have the same. */
  readonly name: string;
  /** It has applied everything up to here, and ended the streams of what was revoked until then. */
  readonly position: Position;
  /** Milliseconds by the store's clock until its lease runs out; 0 or less if it has. It then answers 503 instead of accepting a token. */
  readonly leaseLeft: number;
  /** Milliseconds by the store's clock since its last acknowledgement. */
  readonly seenAgo: number;
  /** The version of mcp-keys that it runs. */
  readonly version: string;
}

/**
 * What a verifier tells the store that it follows.
 * @example
 * ```ts
 * import { openStore, type Acknowledgement } from "mcp-keys";
 *
 * const store = await openStore("memory:");
 * const { epoch, seq } = await store.snapshot();
 * const news: Acknowledgement = { id: "7Fq2x9Lm0aBc", name: "web-1", position: { epoch, seq }, lease: 60_000, version: "0.1.0" };
 * await store.acknowledge?.(news);
 * ```
 */
export interface Acknowledgement {
  /** 12 to 64 of `[A-Za-z0-9-]`. */
  readonly id: string;
  /** 1 to 64 of `[A-Za-z0-9._-]`. */
  readonly name: string;
  readonly position: Position;
  /** The length of the new lease in milliseconds, from now by the store's clock. */
  readonly lease: number;
  /** The version of mcp-keys. */
  readonly version: string;
}
