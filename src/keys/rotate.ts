import type { Epoch, Key } from "../core/key.ts";
import { stageVersion } from "../core/rotate.ts";
import type { Secret } from "../core/secret.ts";
import { currentVersion } from "../core/status.ts";
import { isUsable, type Version } from "../core/version.ts";
import { completeVersion, requireVersion, type Deliver, type Issued } from "./deliver.ts";
import type { Mint } from "./mint.ts";
import { NO_DIGESTS, requireKey, updateKey, type OperationContext } from "./update.ts";

/**
 * A day: long enough for clients that read their key at start.
 * @example
 * ```ts
 * import { DEFAULT_OVERLAP, formatDuration } from "mcp-keys";
 *
 * console.log(`the old token works for another ${formatDuration(DEFAULT_OVERLAP)}`);
 * ```
 */
export const DEFAULT_OVERLAP = 86_400;

/**
 * An hour: a version unused for so long counts as out of use.
 * @example
 * ```ts
 * import { createKeys, DEFAULT_WINDOW, openStore } from "mcp-keys";
 *
 * const keys = createKeys({ store: await openStore() });
 * await keys.finish("ci", { window: 2 * DEFAULT_WINDOW });
 * ```
 */
export const DEFAULT_WINDOW = 3_600;

/**
 * What {@link Keys.rotate} takes.
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
  /** Seconds both versions work; 0 ends the old one at once. A day when left out. */
  readonly overlap?: number;
  /** When the new version expires; left out, it lives as long as the one it replaces did. */
  readonly expiresAt?: Epoch | null;
  /** Seconds: does nothing while the current version is younger. */
  readonly ifOlderThan?: number;
  readonly deliver: Deliver;
  /** Tries the new token on the running server; throws (`TOKEN_REFUSED` …) to leave the old version current. */
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
  readonly version: Version;
  /** False when `ifOlderThan` was not reached. */
  readonly changed: boolean;
  /** The versions that still work until their time. */
  readonly retiring: readonly Version[];
}

/**
 * Rotates a key in four steps: stage, deliver, prove, promote. Killed between any two, a version that was delivered works,
 * and the same call completes the rotation.
 * @throws {@link KeysError} `KEY_NOT_FOUND`, `KEY_NOT_ACTIVE`, what the store, `deliver` and `prove` throw
 */
export async function rotateKey(
  context: OperationContext,
  mint: Mint,
  ref: string,
  options: RotateOptions,
): Promise<Rotated> {
  const { overlap = DEFAULT_OVERLAP, ifOlderThan, deliver, prove } = options;
  const before = await requireKey(context.store, ref, NO_DIGESTS);
  const young = youngVersion(before, ifOlderThan, context.now());
  if (young !== undefined)
    return { key: before, version: young, changed: false, retiring: retiringOf(before, context.now()) };

  const staged = await stage(context, mint, before, options);
  const { key, version } = await completeVersion(context, staged, { overlap, deliver, prove });
  return { key, version, changed: true, retiring: retiringOf(key, context.now()) };
}

async function stage(context: OperationContext, mint: Mint, before: Key, options: RotateOptions): Promise<Issued> {
  const { token, digest } = mint.token(before.prefix, before.id);
  const now = context.now();
  const expiresAt = options.expiresAt === undefined ? sameLifetime(before, now) : options.expiresAt;
  const { key } = await updateKey(
    context,
    before.id,
    // The last one: another rotation may have staged one since the key was read.
    ({ versions }) => ({ op: "stage", version: versions.length }),
    (each) => stageVersion(each, { digest, expiresAt, now }).key,
  );
  const version = key.versions.findLast((each) => each.digest === digest);
  return { key, version: version ?? requireVersion(key, key.versions.length), token };
}

/** As long as the version it replaces was given; never, when that one never expires. */
function sameLifetime(key: Key, now: Epoch): Epoch | null {
  const model = currentVersion(key) ?? key.versions.at(-1);
  return model?.expiresAt == null ? null : now + (model.expiresAt - model.createdAt);
}

function youngVersion(key: Key, ifOlderThan: number | undefined, now: Epoch): Version | undefined {
  if (ifOlderThan === undefined) return undefined;
  const current = currentVersion(key);
  if (current === undefined || !isUsable(current, now)) return undefined;
  return now - current.createdAt < ifOlderThan ? current : undefined;
}

export function retiringOf(key: Key, now: Epoch): Version[] {
  return key.versions.filter((version) => version.state === "retiring" && isUsable(version, now));
}
