import type { Pepper } from "../../core/digest.ts";
import { parseAudience } from "../../core/generate.ts";
import type { Verdict } from "../../core/judge.ts";
import type { Epoch } from "../../core/key.ts";
import { checkArgument, checkOptionNames, STORE } from "../../core/options.ts";
import { KeysError } from "../../errors.ts";
import type { KeyStore } from "../../stores/store.ts";
import { systemNow, systemPeppers } from "../../world.ts";
import { checkSeconds } from "./options.ts";

/**
 * What `createVerifier` works with. Times are in seconds.
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
  /** Followed while the verifier lives; closing it stays with whoever opened it. */
  readonly store: KeyStore;
  /** The current time in whole seconds; the system's by default. */
  readonly now?: () => Epoch;
  /** For how long memory may answer while the store does not. 60 by default. */
  readonly maxStaleness?: number;
  /** How often to look for changes that nothing announced. 1 by default. */
  readonly pollEvery?: number;
  /** How often last-used times are written to the store. 2 by default. */
  readonly flushEvery?: number;
  /** Those that digests were made with. By default what `MCP_KEYS_PEPPER` holds in this process. */
  readonly peppers?: readonly Pepper[];
  /** The URL of this server: keys bound to others are refused. Without it every key bound to a server is. */
  readonly audience?: string;
  /** Called with every verdict, for metrics. What a hook throws changes nothing. */
  readonly onVerdict?: (verdict: Verdict) => void;
  /** Called when the store stops answering or complains of something else, and with `null` when it answers again. */
  readonly onFault?: (fault: KeysError | null) => void;
  /** Takes lines for the server's log: refusals with reason and key, and faults. Never a token. Silent by default. */
  readonly log?: (line: string) => void;
}

type Undefaulted = "onVerdict" | "audience";

/** The options with their defaults. */
export type ResolvedOptions = Required<Omit<VerifierOptions, Undefaulted>> & Pick<VerifierOptions, Undefaulted>;

const NAMES = [
  ...["store", "now", "maxStaleness", "pollEvery", "flushEvery"],
  ...["peppers", "audience", "onVerdict", "onFault", "log"],
];

/** @throws `KeysError` `USAGE` for an option that is unknown or makes no sense; `PEPPER_INVALID` */
export function resolveOptions(options: VerifierOptions): ResolvedOptions {
  checkOptionNames("createVerifier", options, NAMES);
  checkArgument("store of createVerifier", options.store, STORE);
  const { store, now = systemNow, maxStaleness = 60, pollEvery = 1, flushEvery = 2, audience, onVerdict } = options;
  if (store.isArchive === true) {
    throw new KeysError("USAGE", `${store.spec} is an archive: it would let in keys that were revoked since`, {
      hint: "give the verifier the store that goes on, such as file:<path>",
    });
  }
  for (const [name, value] of Object.entries({ maxStaleness, pollEvery, flushEvery })) checkSeconds(name, value);
  if (maxStaleness <= pollEvery) {
    throw new KeysError("USAGE", "maxStaleness is not longer than pollEvery: no look could come in time", {
      hint: "make it several times as long; 60 is the default",
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

/** A hook that throws must neither let a request in nor stop the following of the store. */
function quietly<T>(hook: ((value: T) => void) | undefined): (value: T) => void {
  return (value) => {
    try {
      hook?.(value);
    } catch {
      // There is nobody left to tell.
    }
  };
}
