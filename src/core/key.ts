import type { Version } from "./version.ts";

/** Seconds since 1970-01-01T00:00:00Z, a whole number. RFC 3339 in JSON. */
export type Epoch = number;

/** 12 characters of `[A-Za-z0-9]`: public, safe to log, the same before and after a rotation. */
export type KeyId = string;

/** 1 to 64 of `[A-Za-z0-9._-]`, unique in a store. */
export type KeyName = string;

/** The thing issued. It survives rotation: each rotation adds a {@link Version}. */
export interface Key {
  readonly id: KeyId;
  readonly name: KeyName;
  /** What its tokens begin with, such as `mcp` or `acme_live`; `opaque` where they are not of our making. */
  readonly prefix: string;
  /** What the key may do; empty means that no scope was given to it. */
  readonly scopes: readonly string[];
  /** The server URLs the key is for; empty means any. */
  readonly audience: readonly string[];
  readonly owner?: string;
  readonly note?: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly createdAt: Epoch;
  readonly createdBy: string;
  /** False while somebody has disabled it, which is reversible. */
  readonly enabled: boolean;
  /** Compare-and-swap: 0 for a key never written, then one more at each write. */
  readonly revision: number;
  /** Oldest first; `n` counts from 1. Never empty, never shorter: what ended stays as a tombstone. */
  readonly versions: readonly Version[];
}

export type Status = "active" | "expiring" | "expired" | "disabled" | "revoked";
