import type { Pepper } from "../../core/digest.ts";
import { parseAudience } from "../../core/generate.ts";
import type { Verdict } from "../../core/judge.ts";
import type { Epoch } from "../../core/key.ts";
import { checkArgument, checkOptionNames, STORE } from "../../core/options.ts";
import { KeysError } from "../../errors.ts";
import type { KeyStore } from "../../stores/store.ts";
import { systemNow, systemPeppers } from "../../world.ts";

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
  /** The store to follow. Closing the verifier does not close it. */
  readonly store: KeyStore;
  /** Returns the current time in whole seconds. By default the system clock. */
  readonly now?: () => Epoch;
  /** How long memory may answer while the store does not. 60 by default. */
  readonly maxStaleness?: number;
  /** How often to read the store when no change is announced. 1 by default. */
  readonly pollEvery?: number;
  /** How often to write last-used times to the store. 2 by default. */
  readonly flushEvery?: number;
  /** The peppers that digests were made with. By default those in `MCP_KEYS_PEPPER`. */
  readonly peppers?: readonly Pepper[];
  /** The URL of this server: keys for other servers are refused. Without it, every key that has an audience is refused. */
  readonly audience?: string;
  /** Called with every verdict, for metrics. Errors it throws are ignored. */
  readonly onVerdict?: (verdict: Verdict) => void;
  /** Called when reading the store starts to fail or fails in another way, and with `null` when it works again. */
  readonly onFault?: (fault: KeysError | null) => void;
  /** Writes a line to the server's log: refusals with reason and key, and faults. Never a token. Silent by default. */
  readonly log?: (line: string) => void;
}

type WithoutDefault = "onVerdict" | "audience";

/** The options with their defaults filled in. */
export type ResolvedOptions = Required<Omit<VerifierOptions, WithoutDefault>> & Pick<VerifierOptions, WithoutDefault>;

const NAMES = [
  ...["store", "now", "maxStaleness", "pollEvery", "flushEvery"],
  ...["peppers", "audience", "onVerdict", "onFault", "log"],
];

/** @throws {@link KeysError} `USAGE` for an unknown or invalid option; `PEPPER_INVALID` */
export function resolveOptions(options: VerifierOptions): ResolvedOptions {
  checkOptionNames("createVerifier", options, NAMES);
  checkArgument("store of createVerifier", options.store, STORE);
  const { store, now = systemNow, maxStaleness = 60, pollEvery = 1, flushEvery = 2, audience, onVerdict } = options;
  if (store.isArchive === true) {
    throw new KeysError("USAGE", `${store.spec} is an archive: it still accepts keys that were revoked later`, {
      hint: "pass the store in use, for example file:<path>",
    });
  }
  for (const [name, value] of Object.entries({ maxStaleness, pollEvery, flushEvery })) checkSeconds(name, value);
  if (maxStaleness <= pollEvery) {
    throw new KeysError("USAGE", "maxStaleness is not longer than pollEvery: every read would be late", {
      hint: "make it several times as long; the default is 60",
    });
  }
  return {
    ...{ store, now, maxStaleness, pollEvery, flushEvery },
    peppers: options.peppers ?? systemPeppers(),
    audience: audience === undefined ? undefined : parseAudience(audience),
    onVerdict,
    onFault: quietly(options.onFault),
    log: quietly(options.log),
  };
}

/** Ignores what a hook throws: it must neither accept a request nor stop the follower. */
function quietly<T>(hook: ((value: T) => void) | undefined): (value: T) => void {
  return (value) => {
    try {
      hook?.(value);
    } catch {
      // There is no other place to report it.
    }
  };
}

function checkSeconds(name: string, value: unknown): void {
  if (typeof value === "number" && value > 0 && value <= 86_400) return;
  throw new KeysError("USAGE", `${name} is not a number of seconds`, { hint: "pass a number above 0, at most 86400" });
}
