import { digestToken } from "../src/core/digest.ts";
import type { Key, Version } from "../src/core/key.ts";

/** Creates a valid version with the given changes. */
export function aVersion(change: Partial<Version> = {}): Version {
  return {
    n: 1,
    digest: digestToken("a token"),
    createdAt: 1,
    expiresAt: null,
    state: "current",
    lastUsedAt: null,
    ...change,
  };
}

/** Creates a valid key with the given changes. */
export function aKey(change: Partial<Key> = {}): Key {
  return {
    id: "7Fq2x9Lm0aBc",
    name: "ci",
    prefix: "mcp",
    scopes: [],
    audience: [],
    tags: {},
    createdAt: 1,
    createdBy: "ada@laptop",
    enabled: true,
    revision: 0,
    versions: [aVersion()],
    ...change,
  };
}
