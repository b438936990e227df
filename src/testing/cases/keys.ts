import { digestToken } from "../../core/digest.ts";
import { has, rejects, same } from "../assertions.ts";
import type { Cases } from "../contract-case.ts";
import { aDraft, aVersion, changesOf, keyNo } from "../samples.ts";

/** How a store keeps keys, names and digests. */
export const keyCases: Cases = {
  "finds a key by id, by name and by digest": async ({ store }) => {
    await store.write(aDraft([keyNo(1), keyNo(2)]));
    const key = { ...keyNo(2), revision: 1 };
    same(await store.get(key.id), key);
    same(await store.get(key.name), key);
    same(await store.find(digestToken("token 2")), { key, version: key.versions[0] });
  },
  "prefers an id to a name": async ({ store }) => {
    await store.write(aDraft([keyNo(1), keyNo(2, { name: keyNo(1).id })]));
    has(await store.get(keyNo(1).id), { name: "key-1" });
  },
  "finds a version that is no longer valid": async ({ store }) => {
    const versions = [aVersion({ state: "revoked", reason: "compromised", digest: digestToken("old") })];
    await store.write(aDraft([keyNo(1, { versions })]));
    has(await store.find(digestToken("old")), {
      version: { state: "revoked", reason: "compromised" },
    });
  },
  "returns all members of a key unchanged": async ({ store, again }) => {
    const key = keyNo(1, {
      scopes: ["read", "write"],
      audience: ["https://host/mcp"],
      owner: "Ada \u{1F511}\t\n\0\u2028",
      note: '"quotes", \\ and {"id":"7Fq2x9Lm0aBc","name":"x"}',
      tags: { id: "7Fq2x9Lm0aBc", lastUsedAt: "no time", sum: "0".repeat(64) },
      enabled: false,
      versions: [
        aVersion({ state: "retiring", retiresAt: 99, promotedAt: 5, expiresAt: 1000, digest: digestToken("a") }),
        aVersion({
          n: 2,
          state: "pending",
          digest: `hmac-sha256:p-1:${"a".repeat(64)}`,
          runId: "run-1",
          endedBefore: 3,
        }),
      ],
    });
    await store.write(aDraft([key], { version: 2, detail: "a detail" }));
    const reader = await again();
    same(await reader.get(key.id), { ...key, revision: 1 });
    has(await changesOf(reader), [{ version: 2, detail: "a detail" }]);
  },
  "lists keys in order of creation, even after a change": async ({ store }) => {
    for (const n of [3, 1, 2]) await store.write(aDraft([keyNo(n)]));
    await store.write(aDraft([keyNo(3, { revision: 1, enabled: false })]));
    same(
      (await store.list()).map(({ name }) => name),
      ["key-3", "key-1", "key-2"],
    );
  },
  "lets a key take the name of one that was renamed": async ({ store, again }) => {
    await store.write(aDraft([keyNo(1)]));
    await store.write(aDraft([keyNo(1, { revision: 1, name: "key-1.released" })], { op: "revoke" }));
    await store.write(aDraft([keyNo(2, { name: "key-1" })]));
    const reader = await again();
    has(await reader.get("key-1"), { id: keyNo(2).id });
    has(await reader.get(keyNo(1).id), { name: "key-1.released" });
    await rejects(reader.write(aDraft([keyNo(3, { name: "key-1" })])), "NAME_TAKEN");
  },
  "rejects the name of another key and writes nothing": async ({ store }) => {
    await store.write(aDraft([keyNo(1)]));
    await rejects(store.write(aDraft([keyNo(2, { name: "key-1" })])), "NAME_TAKEN");
    await rejects(store.write(aDraft([keyNo(3), keyNo(4, { name: "key-3" })])), "NAME_TAKEN");
    same((await store.list()).length, 1);
  },
  "frees the old name of a renamed key, and lets two keys swap names": async ({ store }) => {
    await store.write(aDraft([keyNo(1), keyNo(2)]));
    const swapped = [keyNo(1, { revision: 1, name: "key-2" }), keyNo(2, { revision: 1, name: "key-1" })];
    await store.write(aDraft(swapped));
    has(await store.get("key-1"), { id: keyNo(2).id });
    await store.write(aDraft([keyNo(1, { revision: 2, name: "renamed" })]));
    same(await store.get("key-2"), null);
    await store.write(aDraft([keyNo(3, { name: "key-2" })]));
    has(await store.get("key-2"), { id: keyNo(3).id });
  },
  "rejects an imported key without the prefix opaque": async ({ store }) => {
    const draft = (prefix: string) => aDraft([keyNo(1, { prefix })], { op: "import" });
    await rejects(store.write(draft("mcp")), "BUG");
    same(await store.list(), []);
    has(await store.write(draft("opaque")), { seq: 1 });
    // Later changes of the key are not checked.
    await store.write(aDraft([keyNo(1, { revision: 1, prefix: "opaque" })], { op: "disable" }));
  },
  "rejects a token that another key has": async ({ store }) => {
    await store.write(aDraft([keyNo(1)]));
    const twin = keyNo(2, { versions: keyNo(1).versions });
    await rejects(store.write(aDraft([twin])), "STORE_CONFLICT");
    same((await store.list()).length, 1);
  },
  "is not affected when the caller changes the key later": async ({ store }) => {
    const scopes = ["read"];
    await store.write(aDraft([keyNo(1, { scopes })]));
    scopes.push("admin");
    has(await store.get("key-1"), { scopes: ["read"] });
  },
};
