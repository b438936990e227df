import { checkClock } from "../core/clock.ts";
import { KeysError } from "../errors.ts";
import { FORGOTTEN } from "../core/digest.ts";
import type { StoredDigest } from "../core/digest.ts";
import { OPAQUE_PREFIX } from "../core/opaque.ts";
import type { Epoch, Key, KeyId, KeyName, Version } from "../core/key.ts";
import type { Change, Draft, Operation } from "./store.ts";

/** Finds stored keys by their unique fields. */
export interface Lookup {
  byId(id: KeyId): Key | null;
  byName(name: KeyName): Key | null;
  byDigest(digest: StoredDigest): Key | null;
}

/** Takes effect whatever the clock shows: a leaked key must always be revocable. */
const URGENT: readonly unknown[] = ["revoke", "disable"] satisfies Operation[];

/**
 * Checks a draft against the stored keys: revisions first, then names, then digests, then the clock.
 * @param newest - the latest time in the history, 0 if it is empty
 * @throws {@link KeysError} `CLOCK_BEHIND` if the draft is more than a minute older than the history, unless it revokes or disables
 *   a key or is a copy; `STORE_CONFLICT` if a revision is not the stored one or a digest belongs to another key; `NAME_TAKEN`
 *   if a name belongs to another key; `BUG` if the draft has a key twice, a key without versions, or an imported key without the
 *   prefix `opaque`
 */
export function checkDraft(draft: Draft, stored: Lookup, newest: Epoch): void {
  const drafted = new Map(draft.keys.map((key) => [key.id, key]));
  if (drafted.size !== draft.keys.length) throw new KeysError("BUG", "the draft contains a key twice");
  for (const key of draft.keys) {
    if (key.versions.length === 0) throw new KeysError("BUG", `key ${key.id} has no versions`);
    if (draft.op === "import" && key.revision === 0 && key.prefix !== OPAQUE_PREFIX) {
      throw new KeysError("BUG", `imported key ${key.name} must have the prefix ${OPAQUE_PREFIX}`);
    }
    if ((stored.byId(key.id)?.revision ?? 0) !== key.revision) {
      throw new KeysError("STORE_CONFLICT", `key ${key.name} was changed by someone else`);
    }
  }
  checkNames(draft, drafted, stored);
  checkDigests(draft, stored);
  if (draft.isCopy === true || URGENT.includes(draft.op)) return;
  checkHistoryClock(draft.at, newest);
}

/**
 * Rejects a clock that is behind the history.
 * @param newest - the latest time in the history
 * @throws {@link KeysError} `CLOCK_BEHIND`
 */
export function checkHistoryClock(at: Epoch, newest: Epoch): void {
  const latest = { what: "the history has a change at", at: newest };
  checkClock(at, latest, "set the history aside with: mcp-keys audit --archive <file>");
}

function checkNames(draft: Draft, drafted: ReadonlyMap<KeyId, Key>, stored: Lookup): void {
  const names = new Set<KeyName>();
  for (const { id, name } of draft.keys) {
    const other = stored.byName(name);
    const isRenamed = other !== null && (drafted.get(other.id)?.name ?? name) !== name;
    if (names.has(name) || (other !== null && other.id !== id && !isRenamed)) {
      throw new KeysError("NAME_TAKEN", `there is already a key named ${name}`);
    }
    names.add(name);
  }
}

function checkDigests(draft: Draft, stored: Lookup): void {
  const digests = new Set<StoredDigest>();
  for (const { id, versions } of draft.keys) {
    for (const { digest } of versions) {
      if (digest === FORGOTTEN) continue;
      const owner = stored.byDigest(digest);
      if (digests.has(digest) || (owner !== null && owner.id !== id)) {
        throw digestTaken(owner?.name ?? id);
      }
      digests.add(digest);
    }
  }
}

/** Builds a `STORE_CONFLICT` error for a token that another key has. */
export function digestTaken(owner: string): KeysError {
  return new KeysError("STORE_CONFLICT", `the token is already in the store as key ${owner}`, {
    hint: "use another token; a token can belong to one key only",
  });
}

/** Converts a draft to a change with the given `seq`: increments the revisions and drops `lastUsedAt` and undefined members. */
export function applyDraft(draft: Draft, seq: number): Change {
  const { op, at, by, version, detail } = draft;
  return {
    seq,
    at,
    by,
    op,
    ...(version !== undefined && { version }),
    ...(detail !== undefined && { detail }),
    keys: draft.keys.map((key) => ({ ...copyKey(key), revision: key.revision + 1 })),
  };
}

/** Makes a deep copy that the caller cannot change later, with the members in the order of the file. */
function copyKey(key: Key): Key {
  return {
    id: key.id,
    name: key.name,
    prefix: key.prefix,
    scopes: [...key.scopes],
    audience: [...key.audience],
    ...(key.owner !== undefined && { owner: key.owner }),
    ...(key.note !== undefined && { note: key.note }),
    tags: { ...key.tags },
    createdAt: key.createdAt,
    createdBy: key.createdBy,
    enabled: key.enabled,
    revision: key.revision,
    versions: key.versions.map(copyVersion),
  };
}

function copyVersion(version: Version): Version {
  const lastUsedAt: Epoch | null = null;
  return {
    n: version.n,
    digest: version.digest,
    createdAt: version.createdAt,
    expiresAt: version.expiresAt,
    state: version.state,
    ...(version.promotedAt !== undefined && { promotedAt: version.promotedAt }),
    ...(version.runId !== undefined && { runId: version.runId }),
    ...(version.endedBefore !== undefined && { endedBefore: version.endedBefore }),
    ...(version.retiresAt !== undefined && { retiresAt: version.retiresAt }),
    ...(version.reason !== undefined && { reason: version.reason }),
    ...(version.weak === true && { weak: true }),
    lastUsedAt,
  };
}
