import { checkClock, CLOCK_TOLERANCE } from "../core/clock.ts";
import { isUsable } from "../core/judge.ts";
import type { Epoch, Key, Version } from "../core/key.ts";
import { OPAQUE_PREFIX } from "../core/opaque.ts";
import { isUnsettled, stageVersion } from "../core/rotate.ts";
import { parseRunId, versionOfRun } from "../core/run-id.ts";
import type { Position } from "../core/position.ts";
import type { Secret } from "../core/secret.ts";
import { currentVersion, lastUsedAt } from "../core/status.ts";
import { DEFAULT_PREFIX } from "../core/token.ts";
import { completeVersion } from "./complete.ts";
import { requireVersion, type Deliver, type Issued } from "./deliver.ts";
import type { Mint } from "./mint.ts";
import { NO_DIGESTS, requireKey, updateKey, type OperationContext } from "./update.ts";

/**
 * The default overlap of a rotation: 86400 seconds, a day. Long enough for clients that read their key at start-up.
 * @example
 * ```ts
 * import { DEFAULT_OVERLAP, formatDuration } from "mcp-keys";
 *
 * console.log(`the old token works for another ${formatDuration(DEFAULT_OVERLAP)}`);
 * ```
 */
export const DEFAULT_OVERLAP = 86_400;

/**
 * Options of {@link Keys.rotate}. Durations are in seconds.
 * @example
 * ```ts
 * import type { RotateOptions } from "mcp-keys";
 *
 * const options: RotateOptions = {
 *   overlap: 3_600,
 *   ifOlderThan: 30 * 86_400,
 *   deliver: async ({ token }) => void process.stdout.write(token.reveal()),
 * };
 * ```
 */
export interface RotateOptions {
  /** How long both versions work; 0 retires the old one at once. Default: {@link DEFAULT_OVERLAP}. */
  readonly overlap?: number;
  /** When the new version expires, in seconds since 1970; `null` for never. Default: the same lifetime as the old version. */
  readonly expiresAt?: Epoch | null;
  /** Does nothing if the current version is younger than this and no rotation is unfinished or was aborted. */
  readonly ifOlderThan?: number;
  /**
   * Names this run in the history, for example the id of a CI run. The same id again resumes an unfinished run, with a new token, or
   * changes nothing if the run is done. 1 to 64 letters, digits and `._:/@+-`.
   */
  readonly runId?: string;
  /**
   * Tells servers without a store which tokens are valid: those that read a keyset. Called after the new version was added, after it
   * became current, after it was revoked because a step failed, and also if there is nothing to do, because an earlier run may have
   * been killed before it published. If the first call throws, the version is revoked and its token is never delivered. If the last one
   * throws, the rotation stands.
   */
  readonly publish?: () => Promise<void>;
  /**
   * Waits until servers have applied a position of the store, for example with {@link waitForServers}. Called with that of the new
   * version. If it throws, the version is revoked and its token is never delivered.
   */
  readonly wait?: (position: Position) => Promise<void>;
  /** Tries the new token on servers before its delivery. If it throws, the version is revoked. */
  readonly proveEarly?: (token: Secret) => Promise<void>;
  /** Delivers the new token. */
  readonly deliver: Deliver;
  /** Makes a service use the delivered token, for example by a restart. If it throws, both versions work until the next call. */
  readonly deploy?: () => Promise<void>;
  /** Tries the new token on the running server. If it throws (`TOKEN_REFUSED` …), the old version stays current. */
  readonly prove?: (token: Secret) => Promise<void>;
}

/**
 * The result of {@link Keys.rotate}.
 * @example
 * ```ts
 * import type { Rotated } from "mcp-keys";
 *
 * function describe({ key, version, changed }: Rotated): string {
 *   return changed ? `${key.name} is now at version ${version.n}` : `${key.name} is recent enough`;
 * }
 * ```
 */
export interface Rotated {
  readonly key: Key;
  /** The new version. If nothing was changed, the version of the run with this id, or else the current one. */
  readonly version: Version;
  /** False if the run with this id is done, or the current version was younger than `ifOlderThan`. */
  readonly changed: boolean;
  /** The old versions that still work until the overlap ends. */
  readonly retiring: readonly Version[];
  /** A server that has applied this position of the store knows about the rotation. */
  readonly position: Position;
}

/**
 * Rotates a key: stage, publish, wait, prove early, deliver, deploy, prove, promote, publish. If it is killed between two steps, every
 * delivered version works, and the same call finishes the rotation.
 * @throws {@link KeysError} `KEY_NOT_FOUND`, `KEY_NOT_ACTIVE`, `CLOCK_BEHIND`, `STORE_CONFLICT` if another rotation came first,
 * and the errors of the store and of the steps
 */
export async function rotateKey(
  context: OperationContext,
  mint: Mint,
  ref: string,
  options: RotateOptions,
): Promise<Rotated> {
  const { overlap = DEFAULT_OVERLAP, ifOlderThan, ...steps } = options;
  const runId = options.runId === undefined ? undefined : parseRunId(options.runId);
  const before = await requireKey(context.store, ref, NO_DIGESTS);
  const done =
    (runId === undefined ? undefined : versionOfRun(before, runId, context.now())) ??
    youngVersion(before, ifOlderThan, context.now());
  if (done !== undefined) {
    await steps.publish?.();
    const retiring = retiringOf(before, context.now());
    return { key: before, version: done, changed: false, retiring, position: await context.store.position() };
  }

  requireClockAfterUse(context, before);
  const staged = await stage(context, mint, before, options);
  const { key, version, position } = await completeVersion(context, staged, { ...steps, overlap });
  return { key, version, changed: true, retiring: retiringOf(key, context.now()), position };
}

/** An overlap that ends before a use that servers have reported would lock out the clients of those servers. */
export function requireClockAfterUse({ store, now }: OperationContext, key: Key): void {
  const at = lastUsedAt(key);
  if (at === null) return;
  const files =
    store.path === undefined ? "the store's last-used times" : `${store.path}.used.*, which only hold last-used times`;
  checkClock(now(), { what: `${key.name} was last used at`, at }, `remove ${files}`);
}

async function stage(context: OperationContext, mint: Mint, before: Key, options: RotateOptions): Promise<Issued> {
  // The prefix of an imported key only says that its first token is in another format.
  const prefix = before.prefix === OPAQUE_PREFIX ? DEFAULT_PREFIX : before.prefix;
  const { token, digest } = mint.token(prefix, before.id);
  const now = context.now();
  const { runId } = options;
  const expiresAt = options.expiresAt === undefined ? sameLifetime(before, now) : options.expiresAt;
  const { key, position } = await updateKey(
    context,
    before.id,
    // Numbered on write, because another rotation may have added a version since the key was read.
    ({ versions }) => ({ op: "stage", version: versions.length }),
    (each) => stageVersion(each, { digest, expiresAt, now, runId }).key,
  );
  const version = key.versions.findLast((each) => each.digest === digest);
  return { key, version: version ?? requireVersion(key, key.versions.length), token, position };
}

/** Gives the new version the lifetime of the one it replaces. */
function sameLifetime(key: Key, now: Epoch): Epoch | null {
  const model = currentVersion(key) ?? key.versions.at(-1);
  return model?.expiresAt == null ? null : now + (model.expiresAt - model.createdAt);
}

/** Returns the current version if it is younger than `ifOlderThan` and the destination holds no other token. */
function youngVersion(key: Key, ifOlderThan: number | undefined, now: Epoch): Version | undefined {
  if (ifOlderThan === undefined) return undefined;
  const current = currentVersion(key);
  if (current === undefined || !isUsable(current, now) || isUnsettled(key, current)) return undefined;
  const age = now - current.createdAt;
  // A version from the future has no age; the store then reports the clock.
  return age >= -CLOCK_TOLERANCE && age < ifOlderThan ? current : undefined;
}

/** Returns the versions that still work until their overlap ends. */
export function retiringOf(key: Key, now: Epoch): Version[] {
  return key.versions.filter((version) => version.state === "retiring" && isUsable(version, now));
}
