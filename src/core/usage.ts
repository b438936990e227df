import { KeysError } from "../errors.ts";
import { containsToken } from "./find-token.ts";
import type { Epoch, KeyId } from "./key.ts";

/**
 * A use of version `n` of a key at `at`, in epoch seconds.
 * @example
 * ```ts
 * import type { KeyStore, Use } from "mcp-keys";
 *
 * const use: Use = { id: "7Fq2x9Lm0aBc", n: 1, at: Math.floor(Date.now() / 1000), server: "web-1" };
 * const record = (store: KeyStore): Promise<void> => store.touch([use]);
 * ```
 */
export interface Use {
  readonly id: KeyId;
  readonly n: number;
  readonly at: Epoch;
  /** The name of the server that saw it. Default: `unnamed`. */
  readonly server?: string;
}

/** The latest use of version `n` of a key on one server. */
export type ServerUse = Required<Use>;

/**
 * A server without access to the store, and the time up to which it has reported its uses.
 * @example
 * ```ts
 * import type { KeyStore, ServerReport } from "mcp-keys";
 *
 * const reportsOf = async (store: KeyStore): Promise<readonly ServerReport[]> => (await store.usage()).reports;
 * ```
 */
export interface ServerReport {
  readonly server: string;
  readonly at: Epoch;
}

/**
 * What a store knows about the use of its keys.
 * @example
 * ```ts
 * import type { KeyId, Usage } from "mcp-keys";
 *
 * const serversOf = ({ uses }: Usage, id: KeyId): Set<string> =>
 *   new Set(uses.filter((use) => use.id === id).map(({ server }) => server));
 * ```
 */
export interface Usage {
  /** One for each server and version. */
  readonly uses: readonly ServerUse[];
  /** One for each server that reports in files. */
  readonly reports: readonly ServerReport[];
  /** When a keyset was last published, in epoch seconds; `null` for never. Servers that read it see uses that the store does not. */
  readonly publishedAt: Epoch | null;
}

/**
 * What {@link KeyStore.touch} records besides uses.
 * @example
 * ```ts
 * import type { KeyStore, UsageNews } from "mcp-keys";
 *
 * const news: UsageNews = { publishedAt: Math.floor(Date.now() / 1000) };
 * const record = (store: KeyStore): Promise<void> => store.touch([], news);
 * ```
 */
export interface UsageNews {
  readonly reports?: readonly ServerReport[];
  readonly publishedAt?: Epoch;
}

export const NO_USAGE: Usage = { uses: [], reports: [], publishedAt: null };

/** The server of a use that was recorded without a name. */
export const UNNAMED = "unnamed";

/** Returns whether a value is the name of a server: 1 to 64 of `[A-Za-z0-9._-]`, not starting with a dash. */
export function isServerName(value: unknown): value is string {
  return typeof value === "string" && isName(value);
}

function isName(text: string): boolean {
  return /^[A-Za-z0-9._][A-Za-z0-9._-]{0,63}$/.test(text) && !containsToken(text);
}

/**
 * Parses the name of a server.
 * @throws {@link KeysError} `USAGE`; `TOKEN_MISPLACED` for a token, which is not repeated
 */
export function parseServerName(text: string): string {
  if (isName(text)) return text;
  if (containsToken(text)) throw new KeysError("TOKEN_MISPLACED", "the name of the server contains a token");
  const shown = text.length > 64 ? "this text" : JSON.stringify(text);
  throw new KeysError("USAGE", `${shown} is not a valid server name`, {
    hint: "use 1 to 64 letters, digits, dots, dashes and underscores, such as web-1",
  });
}

/** Makes a server name from a host name, which may have other characters. */
export function toServerName(host: string): string {
  const name = host
    .replace(/[^A-Za-z0-9._-]/g, "-")
    .replace(/^-+/, "")
    .slice(0, 64);
  return isName(name) ? name : UNNAMED;
}
