import { parseAudience, parseScope } from "../../core/generate.ts";
import { checkOptionNames } from "../../core/options.ts";
import { KeysError } from "../../errors.ts";
import { allowOrigins } from "./cors.ts";
import { ownOrigins, type OriginRules } from "./origins.ts";
import { OwnHosts, parseHost } from "./own-hosts.ts";
import { ToolScopes } from "./tool-scopes.ts";

/**
 * The requirements of a guard for each request. `docs/server.md` lists the options with examples.
 * @example
 * ```ts
 * import type { GuardOptions } from "mcp-keys";
 *
 * const options: GuardOptions = {
 *   scopes: ["mcp"],
 *   toolScopes: { delete_file: ["write"] },
 *   allowedOrigins: ["https://app.example"],
 *   openPaths: ["/health"],
 * };
 * ```
 */
export interface GuardOptions {
  /** Scopes that every key must have. Default: none. */
  readonly scopes?: readonly string[];
  /** Additional scopes that calls of a tool need, by the name of the tool; `*` for tools not listed. Default: none. */
  readonly toolScopes?: Readonly<Record<string, readonly string[]>>;
  /** The URL of this server. Keys for other servers are refused. Default: the verifier's `audience`. */
  readonly audience?: string;
  /** The realm in challenges. Default: `mcp`. */
  readonly realm?: string;
  /** A header that may contain a bare token, like `X-API-Key`, in addition to `Authorization: Bearer`. Default: none. */
  readonly apiKeyHeader?: string;
  /**
   * Origins of web pages that may use the server, like `https://app.example`. `[]` refuses every page, `"any"` turns the check
   * off. Default: the server's own pages, see `allowedHosts`.
   */
  readonly allowedOrigins?: readonly string[] | "any";
  /**
   * Host names of this server, like `mcp.example`, without a port. Its own pages are those of these hosts, of the host in
   * `audience` and of this machine. Requests without an `Origin` may use any host. Default: none.
   */
  readonly allowedHosts?: readonly string[];
  /** With `allowedOrigins`: request headers that pages may send, in addition to those of MCP clients. Default: none. */
  readonly allowedHeaders?: readonly string[];
  /** Paths that need no key, like `/health`, compared exactly as sent. Default: none. */
  readonly openPaths?: readonly string[];
  /** Whether to bind each session to one key. Default: `true`. */
  readonly sessions?: boolean;
}

/** The options of a guard, checked and with defaults. */
export interface GuardRules {
  readonly scopes: readonly string[];
  readonly tools: ToolScopes | null;
  readonly audience: string | undefined;
  readonly realm: string;
  /** In lower case; empty if not set. */
  readonly apiKeyHeader: string;
  /** `null` if the check is off. */
  readonly origins: OriginRules | null;
  readonly openPaths: ReadonlySet<string>;
  readonly sessions: boolean;
}

const NAMES = [
  ...["scopes", "toolScopes", "audience", "realm", "apiKeyHeader"],
  ...["allowedOrigins", "allowedHosts", "allowedHeaders", "openPaths", "sessions"],
];

/**
 * @param verifier - its `audience` is the default
 * @throws {@link KeysError} `USAGE` if an option is unknown or invalid
 */
export function resolveGuardOptions(options: GuardOptions, verifier: { readonly audience: string | null }): GuardRules {
  checkOptionNames("the guard", options, NAMES);
  const { realm = "mcp", toolScopes, sessions = true } = options;
  const audience = options.audience === undefined ? undefined : parseAudience(options.audience);
  const apiKeyHeader = parseHeaderName(options.apiKeyHeader);
  if (typeof sessions !== "boolean") throw new KeysError("USAGE", "sessions must be true or false");
  return {
    scopes: parseScopes("scopes", options.scopes ?? []),
    tools: toolScopes === undefined ? null : parseToolScopes(toolScopes),
    audience,
    realm: checkRealm(realm),
    apiKeyHeader,
    origins: chooseOrigins(options, apiKeyHeader, audience ?? verifier.audience),
    openPaths: new Set(checkList("openPaths", options.openPaths ?? []).map(checkPath)),
    sessions,
  };
}

function chooseOrigins(options: GuardOptions, apiKeyHeader: string, audience: string | null): OriginRules | null {
  const { allowedOrigins: allowed } = options;
  const hosts = checkList("allowedHosts", options.allowedHosts ?? []).map(checkHost);
  const headers = checkList("allowedHeaders", options.allowedHeaders ?? []).map(checkHeaderName);
  const lists = Array.isArray(allowed);
  if (lists && hosts.length > 0) throw useless("allowedHosts", "with", "add the origins of your own pages to the list");
  if (!lists && headers.length > 0) throw useless("allowedHeaders", "without", "only pages of other origins need it");
  if (allowed === "any") return null;
  if (allowed === undefined) {
    return ownOrigins(new OwnHosts(audience === null ? hosts : [...hosts, new URL(audience).host]));
  }
  return allowOrigins({
    allowedOrigins: checkList("allowedOrigins", allowed).map(checkOrigin),
    allowedHeaders: apiKeyHeader === "" ? headers : [apiKeyHeader, ...headers],
  });
}

function useless(option: string, how: "with" | "without", hint: string): KeysError {
  return new KeysError("USAGE", `${option} has no effect ${how} a list of allowedOrigins`, { hint });
}

/** Rejects a plain string, which would be read as a list of letters. */
function checkList(name: string, value: unknown): string[] {
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value;
  throw new KeysError("USAGE", `${name} is not a list of strings`, { hint: `write it as ${name}: ["…"]` });
}

function parseScopes(name: string, value: unknown): string[] {
  return checkList(name, value).map(parseScope);
}

function parseToolScopes(value: unknown): ToolScopes {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new KeysError("USAGE", "toolScopes is not an object", { hint: 'write it as { "tool": ["scope"] }' });
  }
  const entries = Object.entries(value).map(
    ([tool, scopes]) => [tool, parseScopes(`toolScopes of ${JSON.stringify(tool)}`, scopes)] as const,
  );
  return new ToolScopes(new Map(entries));
}

function checkOrigin(text: string): string {
  const isOrigin = /^https?:/i.test(text)
    ? URL.canParse(text) && new URL(text).origin === text && !text.includes("*")
    : // The origin of an app or browser extension, which the URL parser does not support.
      /^[a-z][a-z0-9+.-]*:\/\/[\w.-]+$/.test(text);
  if (isOrigin) return text;
  throw new KeysError("USAGE", `${JSON.stringify(text)} is not an origin`, {
    hint: "write it as browsers send it: https://app.example, without a path; wildcards are not supported",
  });
}

function checkHost(text: string): string {
  if (parseHost(text) !== null && !/:\d*$/.test(text.replace(/^\[.*\]/, ""))) return text;
  throw new KeysError("USAGE", `${JSON.stringify(text)} is not a host name`, {
    hint: "write the name alone: mcp.example, without https:// and port; wildcards are not supported",
  });
}

function checkPath(text: string): string {
  if (/^\/[^\s?#*]*$/.test(text)) return text;
  throw new KeysError("USAGE", `${JSON.stringify(text)} is not a path`, {
    hint: "write it exactly as clients send it: /health; wildcards are not supported",
  });
}

function checkRealm(realm: unknown): string {
  if (typeof realm === "string" && /^[\x20-\x7e]{1,128}$/.test(realm)) return realm;
  throw new KeysError("USAGE", "the realm is not a line of printable ASCII", { hint: "use a short name like mcp" });
}

function checkHeaderName(name: string): string {
  if (/^[a-z0-9-]{1,64}$/i.test(name)) return name;
  throw new KeysError("USAGE", `${JSON.stringify(name)} is not the name of a header`, {
    hint: "write it as X-Tenant; wildcards are not supported",
  });
}

function parseHeaderName(name: string | undefined): string {
  if (name === undefined) return "";
  const lower = name.toLowerCase();
  if (/^[a-z0-9-]{1,64}$/.test(lower) && lower !== "authorization") return lower;
  throw new KeysError("USAGE", "apiKeyHeader must name a header other than Authorization", {
    hint: 'write it as "X-API-Key"',
  });
}
