import { KeysError } from "../errors.ts";
import { isPosition, type Position } from "./position.ts";
import { isServerName } from "./usage.ts";

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

/** A day, in milliseconds: the longest `maxStaleness` of a verifier. */
const MAX_LEASE = 86_400_000;
const ID = /^[A-Za-z0-9-]{12,64}$/;
const VERSION = /^[A-Za-z0-9.+-]{1,64}$/;

/**
 * Checks what a store is about to record, because other processes read it.
 * @throws {@link KeysError} `USAGE`
 */
export function checkAcknowledgement({ id, name, position, lease, version }: Acknowledgement): void {
  checkFollowerId(id);
  check(isServerName(name), "the name of a follower has 1 to 64 of A-Z a-z 0-9 . _ -");
  check(isPosition(position), "the position of a follower has an epoch and a seq");
  check(Number.isFinite(lease) && lease > 0 && lease <= MAX_LEASE, "a lease has more than 0 and at most 86400000 ms");
  check(typeof version === "string" && VERSION.test(version), "the version of a follower has 1 to 64 characters");
}

/** @throws {@link KeysError} `USAGE` */
export function checkFollowerId(id: string): void {
  check(typeof id === "string" && ID.test(id), "the id of a follower has 12 to 64 of A-Z a-z 0-9 -");
}

function check(isValid: boolean, what: string): void {
  if (!isValid) throw new KeysError("USAGE", what, { hint: "createVerifier passes valid values" });
}
