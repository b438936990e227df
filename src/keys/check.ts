import { digestCandidates, sameDigest, type Digest, type Pepper } from "../core/digest.ts";
import { judge, type Demand, type Verdict } from "../core/judge.ts";
import type { Key } from "../core/key.ts";
import { parseToken } from "../core/token.ts";
import type { KeyStore } from "../stores/store.ts";

/**
 * Checks a token with one lookup in the store. A server uses `createVerifier` instead, which needs no lookup.
 * @throws {@link KeysError} the errors of the store: a store that cannot answer is not a refusal
 */
export async function checkToken(
  store: KeyStore,
  peppers: readonly Pepper[],
  token: string,
  demand: Demand,
): Promise<Verdict> {
  const parsed = parseToken(token);
  if (!parsed.ok && parsed.reason === "mistyped") return { ok: false, reason: "mistyped" };
  const candidates = digestCandidates(token, peppers);
  // An imported token in another format can only be found by its digest.
  if (!parsed.ok) return checkByDigest(store, candidates, demand, "malformed");
  const key = await store.get(parsed.id);
  const version = key?.id === parsed.id ? findVersion(key, candidates) : undefined;
  if (key !== null && version !== undefined) return judge(key, version, demand);
  // A key from MCP_API_KEY_HASHES has its own id, not the one in the token.
  return checkByDigest(store, candidates, demand, "unknown");
}

async function checkByDigest(
  store: KeyStore,
  candidates: readonly Digest[],
  demand: Demand,
  otherwise: "unknown" | "malformed",
): Promise<Verdict> {
  for (const digest of candidates) {
    const found = await store.find(digest);
    if (found !== null) return judge(found.key, found.version, demand);
  }
  return { ok: false, reason: otherwise };
}

function findVersion(key: Key, candidates: readonly Digest[]) {
  return key.versions.find(({ digest }) => candidates.some((candidate) => sameDigest(candidate, digest)));
}
