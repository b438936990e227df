import { digestCandidates, sameDigest, type Digest, type Pepper } from "../core/digest.ts";
import { missingPepper, missingPepperOf } from "../core/missing-pepper.ts";
import { OPAQUE_PREFIX } from "../core/opaque.ts";
import { judge, type Demand, type Verdict } from "../core/judge.ts";
import type { Key } from "../core/key.ts";
import { parseToken } from "../core/token.ts";
import type { KeyStore } from "../stores/store.ts";

/**
 * Checks a token with one lookup in the store. A server uses `createVerifier` instead, which needs no lookup.
 * @throws {@link KeysError} `PEPPER_MISSING` if the token cannot be checked without a pepper that was not passed, and the errors of
 *   the store: neither is a refusal
 */
export async function checkToken(
  store: KeyStore,
  peppers: readonly Pepper[],
  token: string,
  demand: Demand,
): Promise<Verdict> {
  const parsed = parseToken(token);
  let named: Key | null = null;
  const candidates = digestCandidates(token, peppers);
  if (parsed.ok) {
    const key = await store.get(parsed.id);
    named = key?.id === parsed.id ? key : null;
    const version = named === null ? undefined : findVersion(named, candidates);
    if (named !== null && version !== undefined) return judge(named, version, demand);
  }
  // An imported token need not carry the id of its key. As in a verifier, a wrong checksum matters only if no digest matches.
  for (const digest of candidates) {
    const found = await store.find(digest);
    if (found !== null) return judge(found.key, found.version, demand);
  }
  const suspects = named === null ? await listOpaque(store) : [named];
  for (const key of suspects) {
    const pepper = missingPepperOf(key, peppers, demand.now);
    if (pepper !== null) throw missingPepper(pepper, "the token may need");
  }
  return { ok: false, reason: parsed.ok ? "unknown" : parsed.reason };
}

/** Lists the keys whose tokens need not contain their id. Reads digests, which may be in a keychain, only if there are such keys. */
async function listOpaque(store: KeyStore): Promise<Key[]> {
  const isOpaque = ({ prefix }: Key): boolean => prefix === OPAQUE_PREFIX;
  const hasOpaque = (await store.list({ digests: false })).some(isOpaque);
  return hasOpaque ? (await store.list()).filter(isOpaque) : [];
}

function findVersion(key: Key, candidates: readonly Digest[]) {
  return key.versions.find(({ digest }) => candidates.some((candidate) => sameDigest(candidate, digest)));
}
