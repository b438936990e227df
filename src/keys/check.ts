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
  const candidates = digestCandidates(token, peppers);
  if (parsed.ok) {
    const key = await store.get(parsed.id);
    const version = key?.id === parsed.id ? findVersion(key, candidates) : undefined;
    if (key !== null && version !== undefined) return judge(key, version, demand);
  }
  // An imported token need not carry the id of its key. As in a verifier, a wrong checksum matters only if no digest matches.
  for (const digest of candidates) {
    const found = await store.find(digest);
    if (found !== null) return judge(found.key, found.version, demand);
  }
  return { ok: false, reason: parsed.ok ? "unknown" : parsed.reason };
}

function findVersion(key: Key, candidates: readonly Digest[]) {
  return key.versions.find(({ digest }) => candidates.some((candidate) => sameDigest(candidate, digest)));
}
