import { parseBearer } from "../core/authorization.ts";
import type { Pepper } from "../core/digest.ts";
import type { Demand, Verdict } from "../core/judge.ts";
import type { Epoch, Key } from "../core/key.ts";
import { checkArgument, checkOptions, TEXT } from "../core/options.ts";
import { revokeVersions, setEnabled } from "../core/revoke.ts";
import { abortRotation, finishRotation } from "../core/rotate.ts";
import type { RevokeReason } from "../core/version.ts";
import { checkToken } from "./check.ts";
import type { Issued } from "./deliver.ts";
import { generateKey, type GenerateInput } from "./generate.ts";
import { checkRef, checkTokenText, wholeSeconds } from "./input.ts";
import { DEMAND, END_ROTATION, GENERATE, KEYS, READ, REVOKE, ROTATE } from "./input.ts";
import { createMint, type Random } from "./mint.ts";
import { rotateKey, DEFAULT_WINDOW, type Rotated, type RotateOptions } from "./rotate.ts";
import { requireKey, updateKey, type OperationContext, type Updated } from "./update.ts";
import type { KeyStore, ReadOptions } from "../stores/store.ts";
import { systemActor, systemNow, systemPeppers, systemRandom } from "../world.ts";

/**
 * What {@link createKeys} works with. All but the store has a default from the system.
 * @example
 * ```ts
 * import { createKeys, openStore, type KeysOptions } from "mcp-keys";
 *
 * const options: KeysOptions = { store: await openStore("memory:"), by: "deploy-bot" };
 * const keys = createKeys(options);
 * ```
 */
export interface KeysOptions {
  readonly store: KeyStore;
  /** The current time in whole seconds. */
  readonly now?: () => Epoch;
  readonly random?: Random;
  /** Who acts, for the history; `user@host` by default. */
  readonly by?: string;
  /** The first makes new digests keyed, the others still verify old ones. By default what `MCP_KEYS_PEPPER` holds here. */
  readonly peppers?: readonly Pepper[];
}

type WithoutClock<T extends { now: Epoch }> = Partial<Omit<T, "now">>;

/**
 * The operations on the keys of a store. A key is addressed by id or name. All throw `KeysError`.
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
  /** Issues a key. `USAGE`, `NAME_TAKEN`. */
  generate(input: GenerateInput): Promise<Issued>;
  /** Stage, deliver, prove, promote. `KEY_NOT_FOUND`, `KEY_NOT_ACTIVE`. */
  rotate(ref: string, options: RotateOptions): Promise<Rotated>;
  /** Ends an overlap early. `ROTATION_UNPROVEN`, `WOULD_LOCK_OUT`, `NO_ROTATION`. */
  finish(ref: string, options?: { window?: number; force?: boolean }): Promise<Updated>;
  /** Goes back to the old version. `NO_ROTATION`, `ROTATION_UNPROVEN`, `WOULD_LOCK_OUT`. */
  abort(ref: string, options?: { window?: number; force?: boolean }): Promise<Updated>;
  /** Revokes a version, or the key with all of them, at once and for good. `VERSION_NOT_FOUND`. */
  revoke(ref: string, options?: { version?: number; reason?: RevokeReason }): Promise<Updated>;
  disable(ref: string): Promise<Updated>;
  enable(ref: string): Promise<Updated>;
  /** `KEY_NOT_FOUND` when there is none. */
  get(ref: string, options?: ReadOptions): Promise<Key>;
  /** In the order of creation, revoked ones included. */
  list(options?: ReadOptions): Promise<Key[]>;
  /** Judges a token. A refusal is a value; a store that cannot answer throws. */
  check(token: string, demand?: WithoutClock<Demand>): Promise<Verdict>;
  /** Judges the value of an `Authorization` header, as {@link Keys.check} does. */
  verify(authorization: string | null | undefined, demand?: WithoutClock<Demand>): Promise<Verdict>;
}

/**
 * The keys of a store.
 * @throws `KeysError` `USAGE` for options that make no sense
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
  checkOptions("createKeys", options, KEYS);
  const { store, random = systemRandom, by = systemActor(), peppers = systemPeppers() } = options;
  const now = wholeSeconds(options.now ?? systemNow);
  const context: OperationContext = { store, now, by };
  const mint = createMint(random, peppers[0]);

  const endRotation =
    (op: "finish" | "abort", end: typeof finishRotation): Keys["finish"] =>
    async (ref, ending = {}) => {
      checkRef(ref);
      checkOptions(op, ending, END_ROTATION);
      const { window = DEFAULT_WINDOW, force = false } = ending;
      return updateKey(context, ref, { op }, (key) => end(key, { now: now(), window, force }));
    };

  const switchTo =
    (op: "disable" | "enable"): Keys["disable"] =>
    async (ref) => {
      checkRef(ref);
      return updateKey(context, ref, { op }, (key) => setEnabled(key, op === "enable"));
    };

  return {
    generate: async (input) => {
      checkOptions("generate", input, GENERATE);
      return generateKey(context, mint, input);
    },
    rotate: async (ref, rotation) => {
      checkRef(ref);
      checkOptions("rotate", rotation, ROTATE);
      return rotateKey(context, mint, ref, rotation);
    },
    finish: endRotation("finish", finishRotation),
    abort: endRotation("abort", abortRotation),
    revoke: async (ref, revocation = {}) => {
      checkRef(ref);
      checkOptions("revoke", revocation, REVOKE);
      const { version, reason = "other" } = revocation;
      const draft = { op: "revoke", ...(version !== undefined && { version }), detail: reason } as const;
      return updateKey(context, ref, draft, (key) => revokeVersions(key, { n: version, reason }));
    },
    disable: switchTo("disable"),
    enable: switchTo("enable"),
    get: async (ref, reading = {}) => {
      checkRef(ref);
      checkOptions("get", reading, READ);
      return requireKey(store, ref, reading);
    },
    list: async (reading = {}) => {
      checkOptions("list", reading, READ);
      return store.list(reading);
    },
    check: async (token, demand = {}) => {
      checkTokenText(token);
      checkOptions("check", demand, DEMAND);
      return checkToken(store, peppers, token, { ...demand, now: now() });
    },
    verify: async (authorization, demand = {}) => {
      checkOptions("verify", demand, DEMAND);
      checkArgument("the header", authorization ?? "", TEXT);
      const presented = parseBearer(authorization);
      return presented.ok ? checkToken(store, peppers, presented.token, { ...demand, now: now() }) : presented;
    },
  };
}
