import { parseBearer } from "./core/authorization.ts";
import type { Pepper } from "./core/digest.ts";
import type { Demand, Verdict } from "./core/judge.ts";
import type { Epoch, Key } from "./core/key.ts";
import { revokeVersions, setEnabled } from "./core/revoke.ts";
import { abortRotation, finishRotation } from "./core/rotate.ts";
import type { RevokeReason } from "./core/version.ts";
import { checkToken } from "./keys/check.ts";
import type { Issued } from "./keys/deliver.ts";
import { generateKey, type GenerateInput } from "./keys/generate.ts";
import { createMint, type Random } from "./keys/mint.ts";
import { rotateKey, DEFAULT_WINDOW, type Rotated, type RotateOptions } from "./keys/rotate.ts";
import { requireKey, updateKey, type Desk, type Updated } from "./keys/update.ts";
import type { KeyStore, ReadOptions } from "./stores/store.ts";
import { systemActor, systemNow, systemPeppers, systemRandom } from "./world.ts";

/** What {@link createKeys} works with. All but the store has a default from the system. */
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

/** The operations on the keys of a store. A key is addressed by id or name. All throw `KeysError`. */
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

/** The keys of a store. */
export function createKeys(options: KeysOptions): Keys {
  const { store, now = systemNow, random = systemRandom, by = systemActor(), peppers = systemPeppers() } = options;
  const desk: Desk = { store, now, by };
  const mint = createMint(random, peppers[0]);
  const check: Keys["check"] = (token, demand = {}) => checkToken(store, peppers, token, { ...demand, now: now() });

  return {
    generate: (input) => generateKey(desk, mint, input),
    rotate: (ref, rotation) => rotateKey(desk, mint, ref, rotation),
    finish: (ref, { window = DEFAULT_WINDOW, force = false } = {}) =>
      updateKey(desk, ref, { op: "finish" }, (key) => finishRotation(key, { now: now(), window, force })),
    abort: (ref, { window = DEFAULT_WINDOW, force = false } = {}) =>
      updateKey(desk, ref, { op: "abort" }, (key) => abortRotation(key, { now: now(), window, force })),
    revoke: (ref, { version, reason = "other" } = {}) =>
      updateKey(desk, ref, { op: "revoke", ...(version !== undefined && { version }), detail: reason }, (key) =>
        revokeVersions(key, { n: version, reason }),
      ),
    disable: (ref) => updateKey(desk, ref, { op: "disable" }, (key) => setEnabled(key, false)),
    enable: (ref) => updateKey(desk, ref, { op: "enable" }, (key) => setEnabled(key, true)),
    get: (ref, reading) => requireKey(store, ref, reading),
    list: (reading) => store.list(reading),
    check,
    verify: async (authorization, demand) => {
      const presented = parseBearer(authorization);
      return presented.ok ? check(presented.token, demand) : presented;
    },
  };
}
