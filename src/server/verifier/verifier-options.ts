import { checkPeppers, type Pepper } from "../../core/digest.ts";
import { isEpoch } from "../../core/duration.ts";
import { parseAudience } from "../../core/generate.ts";
import type { Verdict } from "../../core/judge.ts";
import type { Epoch } from "../../core/key.ts";
import {
  checkArgument,
  FLAG,
  FUNCTION,
  PEPPERS,
  readOptions,
  STORE,
  TEXT,
  TEXTS,
  type Rule,
  type Rules,
} from "../../core/options.ts";
import { parseServerName } from "../../core/usage.ts";
import { KeysError } from "../../errors.ts";
import type { KeyStore } from "../../stores/store.ts";
import { systemNow, systemPeppers, systemServerName } from "../../world.ts";
import type { AccessRecord } from "../access/access-record.ts";
import { callHook } from "./call-hook.ts";

/**
 * Options of `createVerifier`. Times are in seconds.
 * @example
 * ```ts
 * import { openStore, type VerifierOptions } from "mcp-keys";
 *
 * const options: VerifierOptions = {
 *   store: await openStore(),
 *   audience: "https://host.example/mcp",
 *   maxStaleness: 300,
 *   log: console.error,
 * };
 * ```
 */
export interface VerifierOptions {
  /** The store to follow. Closing the verifier does not close it. Required, unless `stores` is given. */
  readonly store?: KeyStore;
  /**
   * Several stores to follow, instead of `store`. The first one that knows a token decides about it, so put the store in which you
   * revoke keys first. While one does not answer, its tokens get 503, and so do tokens that no other store knows.
   */
  readonly stores?: readonly KeyStore[];
  /** Returns the current time in whole seconds. By default the system clock. */
  readonly now?: () => Epoch;
  /** How long memory may answer while the store does not. 60 by default. */
  readonly maxStaleness?: number;
  /** How often to read the store when no change is announced. 1 by default. */
  readonly pollEvery?: number;
  /** The least time between two writes of last-used times to the store; the first use after a pause is written at once. 2 by default. */
  readonly flushEvery?: number;
  /**
   * The name of this server in the evidence for `rotate --finish` and in the list of servers that follow the store: 1 to 64 of `[A-Za-z0-9._-]`. By default the host name. Give servers
   * on one host, and containers that get a new host name at each start, a name of their own.
   */
  readonly name?: string;
  /**
   * `file:<path>`: where a server that reads a keyset reports its uses, for `mcp-keys uses import`. Each server needs a file of its own.
   * Written like last-used times, and once a minute without uses. By default nowhere.
   */
  readonly uses?: string;
  /** The peppers that digests were made with. By default those in `MCP_KEYS_PEPPER`. */
  readonly peppers?: readonly Pepper[];
  /**
   * Whether to start although a key needs a pepper that was not passed. Requests with its token then get 503, as if such a key
   * arrived later. Default: `false`, which rejects with `PEPPER_MISSING`.
   */
  readonly allowMissingPeppers?: boolean;
  /** The URL of this server: keys for other servers are refused. Without it, every key that has an audience is refused. */
  readonly audience?: string;
  /** Called with every verdict, for metrics. Not awaited. Its first error is logged, the others are ignored. */
  readonly onVerdict?: (verdict: Verdict) => void;
  /**
   * Called with a record of each call that a guard accepts or refuses; off by default. Never a token, never arguments. Guards then read bodies to
   * find the method and the tool. Not awaited; its errors are logged at a limited rate.
   */
  readonly onAccess?: (record: AccessRecord) => void;
  /** The same as one line of JSON, for example `console.log`. */
  readonly accessLog?: (line: string) => void;
  /**
   * Called when reading the store starts to fail or fails in another way, and with `null` when it works again. Not awaited; its
   * errors are ignored.
   */
  readonly onFault?: (fault: KeysError | null) => void;
  /**
   * Writes a line to the server's log: refusals with reason and key, faults, and keys that end soon. Never a token. Not awaited; its errors are
   * ignored. Silent by default.
   */
  readonly log?: (line: string) => void;
}

type Special = "onVerdict" | "onAccess" | "accessLog" | "audience" | "store" | "uses";

/** The options with their defaults filled in. */
export type ResolvedOptions = Required<Omit<VerifierOptions, Special>> &
  Pick<VerifierOptions, "onVerdict" | "onAccess" | "accessLog" | "audience" | "uses">;

/** Seconds. The lease in the store is a little longer, and at most a day. */
const LONGEST = 86_000;
export const INTERVAL: Rule = {
  what: "a number of seconds above 0, at most 86400",
  is: (value) => typeof value === "number" && value > 0 && value <= 86_400,
};
const STORES: Rule = {
  what: "a list of open stores",
  is: (value) => Array.isArray(value) && value.length > 0 && Array.from<unknown>(value).every(STORE.is),
  copy: (value) => (Array.isArray(value) ? Array.from<unknown>(value) : value),
  hint: "open each with: await openStore()",
};
const RULES: Rules<VerifierOptions> = {
  ...{
    store: { ...STORE, required: false },
    stores: STORES,
    now: FUNCTION,
    maxStaleness: INTERVAL,
    pollEvery: INTERVAL,
    flushEvery: INTERVAL,
  },
  ...{ name: TEXT, uses: TEXT, peppers: PEPPERS, allowMissingPeppers: FLAG, audience: TEXT },
  ...{ onVerdict: FUNCTION, onAccess: FUNCTION, accessLog: FUNCTION, onFault: FUNCTION, log: FUNCTION },
};

/** @throws {@link KeysError} `USAGE` for an unknown or invalid option; `PEPPER_INVALID` */
export function resolveOptions(options: VerifierOptions): ResolvedOptions {
  const given = readOptions<VerifierOptions>("createVerifier", options, RULES);
  const { maxStaleness = 60, pollEvery = 1, flushEvery = 2, allowMissingPeppers = false } = given;
  const { audience, onVerdict, onAccess, accessLog, uses } = given;
  const stores = storesOf(given);
  if (maxStaleness <= pollEvery) {
    throw new KeysError("USAGE", "maxStaleness is not longer than pollEvery: every read would be late", {
      hint: "make it several times as long; the default is 60",
    });
  }
  return {
    maxStaleness: Math.min(maxStaleness, LONGEST),
    ...{ stores, pollEvery, flushEvery, allowMissingPeppers, onVerdict, onAccess, accessLog, uses },
    name: given.name === undefined ? systemServerName() : parseServerName(given.name),
    now: given.now === undefined ? systemNow : checkClock(given.now),
    peppers: given.peppers === undefined ? systemPeppers() : checkPeppers(given.peppers),
    audience: audience === undefined ? undefined : parseAudience(audience),
    onFault: quietly(given.onFault),
    log: quietly(given.log),
  };
}

function storesOf({ store, stores }: VerifierOptions): readonly KeyStore[] {
  if (store !== undefined && stores !== undefined) {
    throw new KeysError("USAGE", "createVerifier takes store or stores, not both", {
      hint: "put all of them in stores",
    });
  }
  if (stores === undefined) checkArgument("store of createVerifier", store, STORE);
  const all = stores ?? (store === undefined ? [] : [store]);
  const archive = all.find(({ isArchive }) => isArchive === true);
  if (archive === undefined) return all;
  throw new KeysError("USAGE", `${archive.spec} is an archive: it still accepts keys that were revoked later`, {
    hint: "pass the store in use, for example file:<path>",
  });
}

/** Ignores the errors of a hook: there is no other place to report them. */
function quietly<T>(hook: ((value: T) => void) | undefined): (value: T) => void {
  return hook === undefined ? IGNORE : (value) => callHook(hook, value, IGNORE);
}

const IGNORE = (): void => undefined;

/** Wraps a clock to return NaN when it fails. No comparison accepts NaN, so requests then get 503. */
function checkClock(now: () => Epoch): () => Epoch {
  const safely = (): Epoch => {
    try {
      const at = now();
      return isEpoch(at) ? at : NaN;
    } catch {
      return NaN;
    }
  };
  if (!Number.isNaN(safely())) return safely;
  throw new KeysError("USAGE", "now of createVerifier does not return whole seconds since 1970", {
    hint: "pass now: () => Math.floor(Date.now() / 1000), or omit it",
  });
}

/**
 * What a request requires of a key, besides being valid.
 * @example
 * ```ts
 * import type { Requirements, Verifier } from "mcp-keys";
 *
 * const requirements: Requirements = { scopes: ["deploy"] };
 * const canDeploy = (verifier: Verifier, token: string): boolean => verifier.verify(token, requirements).ok;
 * ```
 */
export interface Requirements {
  /** Scopes the key must have, all of them. */
  readonly scopes?: readonly string[];
  /** The URL of this server, as `parseAudience` normalizes it. By default the verifier's own. */
  readonly audience?: string;
  /** Whether the request was accepted before, as when its body has arrived. Then only a refusal is counted and reported. */
  readonly again?: boolean;
}

export const REQUIREMENTS: Rules<Requirements> = { scopes: TEXTS, audience: TEXT, again: FLAG };
