import { KeysError } from "../errors.ts";
import { formatTime } from "./duration.ts";
import { maskTokens } from "./find-token.ts";
import { parseAudience, parseLine, parseName, parseScope, parseTags, refuseTokens, unique } from "./generate.ts";
import { isUsable } from "./judge.ts";
import type { Epoch, Key, Version } from "./key.ts";
import { requireNotRevoked } from "./revoke.ts";

/** The most characters of a description. */
const DESCRIPTION_LENGTH = 1024;

/**
 * Changes to the settings of a key, for {@link Keys.update}. A member that is left out stays as it is.
 * @example
 * ```ts
 * import { createKeys, openStore, type KeyChanges } from "mcp-keys";
 *
 * const changes: KeyChanges = { addScopes: ["notes:read"], removeScopes: ["deploy"], owner: null, tags: { env: "prod" } };
 * await createKeys({ store: await openStore() }).update("ci", changes);
 * ```
 */
export interface KeyChanges {
  /** The new name, unique in the store. */
  readonly name?: string;
  /** Replaces the scopes; not together with `addScopes` or `removeScopes`. */
  readonly scopes?: readonly string[];
  readonly addScopes?: readonly string[];
  /** Scopes that the key does not have are ignored. */
  readonly removeScopes?: readonly string[];
  /** Replaces the server URLs the key is valid for; empty means any. */
  readonly audience?: readonly string[];
  /** `null` removes it. */
  readonly owner?: string | null;
  /** `null` removes it. */
  readonly note?: string | null;
  /** Tags to set, or with `null` to remove. Other tags stay. */
  readonly tags?: Readonly<Record<string, string | null>>;
  /**
   * The first second at which the pending and current versions that work now no longer do; `null` for never. A version in its
   * overlap may only end earlier. Other versions stay as they are.
   */
  readonly expiresAt?: Epoch | null;
}

/**
 * Parses changes, without looking at a key.
 * @throws {@link KeysError} `USAGE` for no change, an invalid value, an expiry in the past, or changes that contradict each other;
 *   `TOKEN_MISPLACED`
 */
export function parseChanges(changes: KeyChanges, now: Epoch): KeyChanges {
  refuseTokens(changes);
  const { name, scopes, addScopes = [], removeScopes = [], audience, owner, note, tags = {}, expiresAt } = changes;
  if (scopes !== undefined && addScopes.length + removeScopes.length > 0) {
    throw new KeysError("USAGE", "scopes are replaced and changed at the same time", {
      hint: "either give all scopes, or those to add and to remove",
    });
  }
  const both = addScopes.find((scope) => removeScopes.includes(scope));
  if (both !== undefined) {
    throw new KeysError("USAGE", "a scope is added and removed at the same time", { hint: "remove one of the two" });
  }
  if (expiresAt !== undefined && expiresAt !== null && expiresAt <= now) {
    throw new KeysError("USAGE", "the expiry is not in the future", {
      hint: "to end a key now, revoke or disable it",
    });
  }
  parseTags(Object.fromEntries(Object.entries(tags).map(([tag, value]) => [tag, value ?? "removed"])));
  if (typeof owner === "string") parseLine("owner", owner);
  if (typeof note === "string") parseLine("note", note);
  return {
    ...changes,
    ...(name !== undefined && { name: parseName(name) }),
    ...(scopes !== undefined && { scopes: unique(scopes.map(parseScope)) }),
    addScopes: addScopes.map(parseScope),
    ...(audience !== undefined && { audience: unique(audience.map(parseAudience)) }),
  };
}

/**
 * Changes the settings of a key. Never makes a version work that does not work now.
 * @param changes - from {@link parseChanges}
 * @returns the changed key, or `null` if nothing changes
 * @throws {@link KeysError} `KEY_NOT_ACTIVE` if the key was revoked, or no version is left whose expiry can change
 */
export function editKey(key: Key, changes: KeyChanges, now: Epoch): Key | null {
  requireNotRevoked(key);
  const { addScopes = [], removeScopes = [], expiresAt } = changes;
  const { owner: oldOwner, note: oldNote, ...rest } = key;
  const owner = changes.owner === undefined ? oldOwner : changes.owner;
  const note = changes.note === undefined ? oldNote : changes.note;
  const changed = {
    ...rest,
    name: changes.name ?? key.name,
    scopes: changes.scopes ?? unique([...key.scopes, ...addScopes]).filter((scope) => !removeScopes.includes(scope)),
    audience: changes.audience ?? key.audience,
    ...(typeof owner === "string" && { owner }),
    ...(typeof note === "string" && { note }),
    tags: changeTags(key.tags, changes.tags ?? {}),
    versions: expiresAt === undefined ? key.versions : changeExpiry(key, expiresAt, now),
  };
  return describeEdit(key, changed) === "" ? null : changed;
}

function changeTags(
  tags: Readonly<Record<string, string>>,
  changes: Readonly<Record<string, string | null>>,
): Record<string, string> {
  const entries = Object.entries({ ...tags, ...changes });
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== null));
}

function changeExpiry(key: Key, expiresAt: Epoch | null, now: Epoch): Version[] {
  const isChangeable = (version: Version) =>
    isUsable(version, now) && (version.state === "current" || version.state === "pending");
  if (!key.versions.some(isChangeable)) {
    throw new KeysError("KEY_NOT_ACTIVE", `the expiry of ${key.name} cannot change: its version no longer works`, {
      hint: `replace it with: mcp-keys rotate ${key.name}`,
    });
  }
  return key.versions.map((version) => {
    if (isChangeable(version)) return { ...version, expiresAt };
    const isLater = isUsable(version, now) && expiresAt !== null && (version.expiresAt ?? Infinity) > expiresAt;
    return isLater ? { ...version, expiresAt } : version;
  });
}

/** Describes in one line what differs between two states of a key; empty if nothing does. The order of scopes does not count. */
export function describeEdit(before: Key, after: Key): string {
  const differences = [
    describeText("name", before.name, after.name),
    describeList("scopes", before.scopes, after.scopes),
    describeList("audience", before.audience, after.audience),
    describeText("owner", before.owner, after.owner),
    describeText("note", before.note, after.note),
    ...unique([...Object.keys(before.tags), ...Object.keys(after.tags)]).map((tag) =>
      describeText(`tag ${tag}`, before.tags[tag], after.tags[tag]),
    ),
    ...after.versions.map(({ n, expiresAt }, i) => {
      const earlier = before.versions[i];
      return describeText(
        `expiry of version ${String(n)}`,
        earlier && timeText(earlier.expiresAt),
        timeText(expiresAt),
      );
    }),
  ];
  const text = maskTokens(differences.filter((each) => each !== "").join("; "));
  return text.length <= DESCRIPTION_LENGTH ? text : `${text.slice(0, DESCRIPTION_LENGTH - 1)}…`;
}

function describeText(what: string, before: string | undefined, after: string | undefined): string {
  return before === after ? "" : `${what}: ${before ?? "none"} -> ${after ?? "none"}`;
}

function describeList(what: string, before: readonly string[], after: readonly string[]): string {
  const added = after.filter((each) => !before.includes(each)).map((each) => `+${each}`);
  const removed = before.filter((each) => !after.includes(each)).map((each) => `-${each}`);
  return added.length + removed.length === 0 ? "" : `${what}: ${[...added, ...removed].join(" ")}`;
}

function timeText(at: Epoch | null): string {
  return at === null ? "never" : formatTime(at);
}
