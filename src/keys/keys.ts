import { parseBearer } from "../core/authorization.ts";
import { checkPeppers, type Pepper } from "../core/digest.ts";
import type { KeyChanges } from "../core/edit.ts";
import type { Demand, Verdict } from "../core/judge.ts";
import type { Epoch, Key } from "../core/key.ts";
import { checkArgument, readOptions, TEXT } from "../core/options.ts";
import { setEnabled } from "../core/revoke.ts";
import { abortRotation, finishRotation } from "../core/rotate.ts";
import { checkToken } from "./check.ts";
import type { Issued } from "./deliver.ts";
import { generateKey, type GenerateInput } from "./generate.ts";
import { checkRef, checkTokenText, wholeSeconds } from "./argument-rules.ts";
import {
  CHANGES,
  DEMAND,
  END_ROTATION,
  GENERATE,
  IMPORT,
  IMPORT_DIGEST,
  KEYS,
  LIST,
  READ,
  REVOKE,
  ROTATE,
} from "./argument-rules.ts";
import { editSettings } from "./edit.ts";
import { importDigests, type DigestInput } from "./import-digests.ts";
import { importKey, type ImportInput } from "./import.ts";
import { createMint, type Random } from "./mint.ts";
import { revokeKey, type RevokeOptions } from "./revoke.ts";
import { DEFAULT_WINDOW, type EndRotation } from "../core/evidence.ts";
import { rotateKey, type Rotated, type RotateOptions } from "./rotate.ts";
import { requireKey, updateKey, type OperationContext, type Updated } from "./update.ts";
import type { KeyStore, ReadOptions } from "../stores/store.ts";
import { systemActor, systemNow, systemPeppers, systemRandom } from "../world.ts";

/**
 * Options of {@link createKeys}. Everything except the store has a default.
 * @example
 * ```ts
 * import { createKeys, openStore, type KeysOptions } from "mcp-keys";
 *
 * const options: KeysOptions = { store: await openStore("memory:"), by: "deploy-bot" };
 * const keys = createKeys(options);
 * ```
 */
export interface KeysOptions {
  /** The store to read and write; the caller closes it. */
  readonly store: KeyStore;
  /** Returns the current time in whole seconds. Default: the system clock. */
  readonly now?: () => Epoch;
  /** Source of the random bytes for ids and secrets. Default: the generator of the operating system. */
  readonly random?: Random;
  /** Recorded in the history as the author of each change. Default: `user@host`. */
  readonly by?: string;
  /** The first one keys new digests, the others verify old ones. Default: the peppers in `MCP_KEYS_PEPPER`. */
  readonly peppers?: readonly Pepper[];
}

type WithoutClock<T extends { now: Epoch }> = Partial<Omit<T, "now">>;

/**
 * The operations on the keys of a store. `ref` is the id or the name of a key. Every method rejects with a `KeysError`: with
 * `USAGE` for invalid arguments, with `KEY_NOT_FOUND` if there is no such key, and with the errors of the store
 * (`STORE_UNAVAILABLE`, `STORE_CONFLICT`, `CLOCK_BEHIND` …). The comments name further codes.
 * @example
 * ```ts
 * import type { Keys } from "mcp-keys";
 *
 * async function revokeAll(keys: Keys, owner: string): Promise<void> {
 *   for (const key of await keys.list()) {
 *     if (key.owner === owner) await keys.revoke(key.id, { reason: "unused" });
 *   }
 * }
 * ```
 */
export interface Keys {
  /** Issues a key and returns its token. `NAME_TAKEN`, `TOKEN_MISPLACED`, and what `deliver` throws. */
  generate(input: GenerateInput): Promise<Issued>;
  /**
   * Stores the digest of a token that clients already have as a new key, so it keeps working while it is rotated away: the first
   * rotation issues a token in our format for the same key. `TOKEN_UNUSABLE`, `TOKEN_WEAK` below 128 bits by estimate unless
   * `allowWeak` is set, `TOKEN_TAKEN`, `KEY_NOT_ACTIVE` for a revoked token, `NAME_TAKEN`, `TOKEN_MISPLACED`.
   */
  import(input: ImportInput): Promise<Key>;
  /**
   * Imports keys by the SHA-256 of their tokens, for keys that another system issued: all of them in one change, or none. The errors
   * of {@link Keys.import}, with the place of the entry.
   */
  importDigests(inputs: readonly DigestInput[]): Promise<Key[]>;
  /**
   * Adds a version, delivers its token and retires the old version. If it is interrupted, the next call finishes the job.
   * `KEY_NOT_ACTIVE`, `STORE_CONFLICT` if another rotation came first, and what `deliver` and `prove` throw.
   */
  rotate(ref: string, options: RotateOptions): Promise<Rotated>;
  /**
   * Ends the overlap of a rotation now. Refuses if a server has seen the old version within `window` seconds (default 3600), if none
   * has seen the new one, or if a server that may see the old one has not reported; `force` overrides this. `ROTATION_UNPROVEN`,
   * `WOULD_LOCK_OUT`, `NO_ROTATION`.
   */
  finish(ref: string, options?: EndRotation): Promise<Updated>;
  /**
   * Returns to the old version and revokes the new one. Refuses if a server has seen the new version within `window` seconds (default
   * 3600), or if one that reports in files has not reported since; `force` overrides this. `NO_ROTATION`, `ROTATION_UNPROVEN`, `WOULD_LOCK_OUT`.
   */
  abort(ref: string, options?: Omit<EndRotation, "proof">): Promise<Updated>;
  /**
   * Revokes one version, or all versions of the key. Takes effect at once, whatever the clock shows, and cannot be undone.
   * `VERSION_NOT_FOUND`.
   */
  revoke(ref: string, options?: RevokeOptions): Promise<Updated>;
  /** Refuses the key until it is enabled again. Changes nothing if it is revoked. */
  disable(ref: string): Promise<Updated>;
  /** Accepts a disabled key again. `KEY_NOT_ACTIVE` if it is revoked. */
  enable(ref: string): Promise<Updated>;
  /**
   * Changes the settings of a key: name, scopes, audience, owner, note, tags, or when its working versions expire. Running servers
   * follow at once, and its tokens stay the same. Never makes a version work that does not. `KEY_NOT_ACTIVE` if the key is revoked
   * or its versions have ended, `NAME_TAKEN`, `TOKEN_MISPLACED`.
   */
  update(ref: string, changes: KeyChanges): Promise<Updated>;
  /** Returns one key. */
  get(ref: string, options?: ReadOptions): Promise<Key>;
  /** Returns every key, including revoked keys, in the order of creation. */
  list(options?: ReadOptions): Promise<Key[]>;
  /** Checks a token. A refusal is a value, not an error. A server should use {@link createVerifier}, which needs no I/O. */
  check(token: string, demand?: WithoutClock<Demand>): Promise<Verdict>;
  /** Checks the value of an `Authorization` header, as {@link Keys.check} does. */
  verify(authorization: string | null | undefined, demand?: WithoutClock<Demand>): Promise<Verdict>;
}

/**
 * Creates the operations on the keys of a store: issue, rotate, revoke, disable, check. Reads and writes nothing itself.
 * @returns the operations; they may be destructured
 * @throws `KeysError` `USAGE` for an unknown or invalid option; `PEPPER_INVALID`
 * @example
 * ```ts
 * import { createKeys, openStore } from "mcp-keys";
 *
 * const keys = createKeys({ store: await openStore() });
 * const { token } = await keys.generate({ name: "ci", expiresAt: null });
 * console.log(token.reveal());
 * ```
 */
export function createKeys(options: KeysOptions): Keys {
  const given = readOptions<KeysOptions>("createKeys", options, KEYS);
  const { store, random = systemRandom, by = systemActor() } = given;
  const peppers = given.peppers === undefined ? systemPeppers() : checkPeppers(given.peppers);
  const now = wholeSeconds(given.now ?? systemNow);
  const context: OperationContext = { store, now, by };
  const mint = createMint(random, peppers[0]);

  const endRotation =
    (op: "finish" | "abort", end: typeof finishRotation): Keys["finish"] =>
    async (ref, ending = {}) => {
      checkRef(ref);
      const { window = DEFAULT_WINDOW, force = false, proof } = readOptions<EndRotation>(op, ending, END_ROTATION);
      // A later use is in `lastUsedAt` of the key.
      const usage = await store.usage();
      return updateKey(context, ref, { op }, (key) => end(key, { now: now(), window, force, usage, proof }));
    };

  const switchTo =
    (op: "disable" | "enable"): Keys["disable"] =>
    async (ref) => {
      checkRef(ref);
      return updateKey(context, ref, { op }, (key) => setEnabled(key, op === "enable"));
    };

  return {
    generate: async (input) => {
      return generateKey(context, mint, readOptions<GenerateInput>("generate", input, GENERATE));
    },
    import: async (input) => importKey(context, mint, peppers, readOptions<ImportInput>("import", input, IMPORT)),
    importDigests: async (inputs) => {
      checkArgument("the list of importDigests", inputs, LIST);
      const read = (input: unknown) => readOptions<DigestInput>("importDigests", input, IMPORT_DIGEST);
      return importDigests(context, mint, Array.from(inputs, read));
    },
    rotate: async (ref, rotation) => {
      checkRef(ref);
      return rotateKey(context, mint, ref, readOptions<RotateOptions>("rotate", rotation, ROTATE));
    },
    finish: endRotation("finish", finishRotation),
    abort: endRotation("abort", abortRotation),
    revoke: async (ref, revocation = {}) => {
      checkRef(ref);
      return revokeKey(context, ref, readOptions<RevokeOptions>("revoke", revocation, REVOKE));
    },
    disable: switchTo("disable"),
    enable: switchTo("enable"),
    update: async (ref, changes) => {
      checkRef(ref);
      return editSettings(context, ref, readOptions<KeyChanges>("update", changes, CHANGES));
    },
    get: async (ref, reading = {}) => {
      checkRef(ref);
      return requireKey(store, ref, readOptions<ReadOptions>("get", reading, READ));
    },
    list: async (reading = {}) => store.list(readOptions<ReadOptions>("list", reading, READ)),
    check: async (token, demand = {}) => {
      checkTokenText(token);
      const wanted = readOptions<WithoutClock<Demand>>("check", demand, DEMAND);
      return checkToken(store, peppers, token, { ...wanted, now: now() });
    },
    verify: async (authorization, demand = {}) => {
      const wanted = readOptions<WithoutClock<Demand>>("verify", demand, DEMAND);
      checkArgument("the header", authorization ?? "", TEXT);
      const presented = parseBearer(authorization);
      return presented.ok ? checkToken(store, peppers, presented.token, { ...wanted, now: now() }) : presented;
    },
  };
}
