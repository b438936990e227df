import { createHmac, createSecretKey, hash, type KeyObject } from "node:crypto";
import { pepperIdOf, type Digest, type Pepper } from "../core/digest.ts";
import type { Epoch, Key, KeyId } from "../core/key.ts";
import type { Version } from "../core/version.ts";

/** A version as the index holds it. The versions of a key form a chain, the newest first. */
export interface Held {
  readonly key: Key;
  readonly version: Version;
  /** 32 bytes, one a character: the form that is fastest to make and to compare. */
  readonly digest: string;
  readonly pepper: KeyObject | null;
  readonly older: Held | null;
  /** When it was last used, and whether that is still to be written to the store. */
  usedAt: Epoch;
  unsaved: boolean;
}

/** Keys in memory, found by id and by digest. Tombstones are in it, so that a refusal can say why. */
export interface KeyIndex {
  readonly size: number;
  /** Peppers that versions name and nobody gave: their tokens cannot be recognised. */
  readonly unknownPeppers: ReadonlySet<string>;
  /** Adds a key, or replaces it. */
  put(key: Key): void;
  has(id: KeyId): boolean;
  /**
   * The version that a token is, or null. By the id in the token where it has one; else by its digest, which costs one
   * more for each pepper: an imported token has no id, and one from `MCP_API_KEY_HASHES` another than its key.
   */
  find(token: string, id: KeyId | null): Held | null;
}

export function createKeyIndex(peppers: readonly Pepper[]): KeyIndex {
  const byId = new Map<KeyId, Held>();
  const byDigest = new Map<string, Held>();
  const unknownPeppers = new Set<string>();
  const pepperKeys = new Map(peppers.map(({ id, key }) => [id, createSecretKey(key, "utf8")]));

  const findByDigest = (token: string, plain: string): Held | null => {
    const held = byDigest.get(plain);
    if (held?.pepper === null) return held;
    for (const pepper of pepperKeys.values()) {
      const peppered = byDigest.get(keyedDigest(token, pepper));
      if (peppered?.pepper === pepper) return peppered;
    }
    return null;
  };

  return {
    get size() {
      return byId.size;
    },
    unknownPeppers,
    put(key) {
      for (let held = byId.get(key.id) ?? null; held !== null; held = held.older) byDigest.delete(held.digest);
      byId.delete(key.id);
      let chain: Held | null = null;
      for (const version of key.versions) {
        const pepperId = pepperIdOf(version.digest);
        const pepper = pepperId === null ? null : pepperKeys.get(pepperId);
        if (pepper === undefined) {
          unknownPeppers.add(pepperId ?? "");
          continue;
        }
        chain = { key, version, digest: toBinary(version.digest), pepper, older: chain, usedAt: 0, unsaved: false };
        byDigest.set(chain.digest, chain);
        byId.set(key.id, chain);
      }
    },
    has: (id) => byId.has(id),
    find(token, id) {
      let plain = "";
      let keyed = "";
      let pepper: KeyObject | null = null;
      for (let held = (id === null ? null : byId.get(id)) ?? null; held !== null; held = held.older) {
        if (held.pepper === null) {
          if (plain === "") plain = hash("sha256", token, "binary");
          if (sameText(plain, held.digest)) return held;
          continue;
        }
        // A long history of one pepper costs one digest.
        if (held.pepper !== pepper) keyed = keyedDigest(token, (pepper = held.pepper));
        if (sameText(keyed, held.digest)) return held;
      }
      return findByDigest(token, plain === "" ? hash("sha256", token, "binary") : plain);
    },
  };
}

function keyedDigest(token: string, pepper: KeyObject): string {
  return createHmac("sha256", pepper).update(token).digest("binary");
}

function toBinary(digest: Digest): string {
  return Buffer.from(digest.slice(-64), "hex").toString("binary");
}

/** Looks at every character, wherever the first difference is. `timingSafeEqual` would need a copy of each. */
function sameText(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}
