import { digestToken } from "../core/digest.ts";
import type { Key, Version } from "../core/key.ts";
import type { Change, Draft, KeyStore } from "../stores/store.ts";

export function aVersion(change: Partial<Version> = {}): Version {
  return {
    ...{ n: 1, digest: digestToken("a token"), createdAt: 1, expiresAt: null, state: "current", lastUsedAt: null },
    ...change,
  };
}

/** Creates key number `n`. Its id, name and digest are unique. */
export function keyNo(n: number, change: Partial<Key> = {}): Key {
  return {
    ...{ id: String(n).padStart(12, "K"), name: `key-${String(n)}`, prefix: "mcp", scopes: [], audience: [], tags: {} },
    ...{ createdAt: 1, createdBy: "ada@laptop", enabled: true, revision: 0 },
    versions: [aVersion({ digest: digestToken(`token ${String(n)}`) })],
    ...change,
  };
}

export function aDraft(keys: readonly Key[], change: Partial<Draft> = {}): Draft {
  return { op: "generate", at: 1_000, by: "ada@laptop", keys, ...change };
}

export async function changesOf(store: KeyStore, since = 0): Promise<Change[]> {
  const changes: Change[] = [];
  for await (const change of store.changes(since)) changes.push(change);
  return changes;
}
