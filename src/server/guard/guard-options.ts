import { parseAudience, parseScope, quote } from "../../core/generate.ts";
import { checkArgument, copyRecord, FLAG, FUNCTION, readOptions, TEXT, TEXTS, type Rules } from "../../core/options.ts";
import { isPlainObject } from "../../core/type-guards.ts";
import { KeysError } from "../../errors.ts";
import { allowOrigins } from "./cors.ts";
import { ownOrigins, type OriginRules } from "./origins.ts";
import { OwnHosts, parseHost } from "./own-hosts.ts";
import type { RequestView } from "./request-view.ts";
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
  /** Whether to `end` the open responses of a key when it stops being valid, or to `keep` them. Default: `end`. */
  readonly openStreams?: "end" | "keep";
  /**
   * Returns the address of the client for the access record, from the header that your own proxy sets, like
   * `(header) => header("x-real-ip")`. Clients can send any header, so only use one that your proxy always replaces. `null` for the
   * address of the connection, the default.
   */
  readonly addressOf?: (header: (name: string) => string | null) => string | null;
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
  readonly endsStreams: boolean;
  readonly addressOf: ((view: RequestView) => string | null) | null;
}

/** The types of the options. {@link resolveGuardOptions} checks the rest. */
export const GUARD_RULES: Rules<GuardOptions> = {
  ...{
    scopes: TEXTS,
    audience: TEXT,
    realm: TEXT,
    apiKeyHeader: TEXT,
    openPaths: TEXTS,
    sessions: FLAG,
    addressOf: FUNCTION,
  },
  toolScopes: {
    what: "a plain object of lists",
    is: isPlainObject,
    copy: copyRecord,
    hint: 'write it as { "tool": ["scope"] }; make a Map one with Object.fromEntries(map)',
  },
  allowedOrigins: {
    ...TEXTS,
    what: 'an array of origins, or "any"',
    is: (value) => value === "any" || TEXTS.is(value),
  },
  ...{ allowedHosts: TEXTS, allowedHeaders: TEXTS },
  openStreams: { what: '"end" or "keep"', is: (value) => value === "end" || value === "keep" },
};

/**
 * @param where - the name of the called function
 * @param verifier - its `audience` is the default
 * @throws {@link KeysError} `USAGE` if an option is unknown or invalid
 */
export function resolveGuardOptions(
  where: string,
  options: GuardOptions,
  verifier: { readonly audience: string | null },
): GuardRules {
  const given = readOptions<GuardOptions>(where, options, GUARD_RULES);
  const { scopes = [], toolScopes, realm = "mcp", openPaths = [], sessions = true, openStreams = "end" } = given;
  const audience = given.audience === undefined ? undefined : parseAudience(given.audience);
  const apiKeyHeader = parseHeaderName(given.apiKeyHeader);
  return {
    scopes: scopes.map(parseScope),
    tools: toolScopes === undefined ? null : parseToolScopes(where, toolScopes),
    audience,
    realm: checkRealm(realm),
    apiKeyHeader,
    origins: chooseOrigins(given, apiKeyHeader, audience ?? verifier.audience),
    openPaths: new Set(openPaths.map(checkPath)),
    sessions,
    endsStreams: openStreams === "end",
    addressOf: given.addressOf === undefined ? null : readAddress(given.addressOf),
  };
}

function readAddress(addressOf: NonNullable<GuardOptions["addressOf"]>): GuardRules["addressOf"] {
  return (view) => {
    const address: unknown = addressOf((name) => view.header(name.toLowerCase()));
    return typeof address === "string" ? address : null;
  };
}

function chooseOrigins(options: GuardOptions, apiKeyHeader: string, audience: string | null): OriginRules | null {
  const { allowedOrigins: allowed } = options;
  const hosts = (options.allowedHosts ?? []).map(checkHost);
  const headers = (options.allowedHeaders ?? []).map(checkHeaderName);
  const lists = Array.isArray(allowed);
  if (lists && hosts.length > 0) throw useless("allowedHosts", "with", "add the origins of your own pages to the list");
  if (!lists && headers.length > 0) throw useless("allowedHeaders", "without", "only pages of other origins need it");
  if (allowed === "any") return null;
  if (allowed === undefined) {
    return ownOrigins(new OwnHosts(audience === null ? hosts : [...hosts, new URL(audience).host]));
  }
  return allowOrigins({
    allowedOrigins: allowed.map(checkOrigin),
    allowedHeaders: apiKeyHeader === "" ? headers : [apiKeyHeader, ...headers],
  });
}

function useless(option: string, how: "with" | "without", hint: string): KeysError {
  return new KeysError("USAGE", `${option} has no effect ${how} a list of allowedOrigins`, { hint });
}

function parseToolScopes(where: string, toolScopes: Readonly<Record<string, readonly string[]>>): ToolScopes {
  const entries = Object.entries(toolScopes).map(([tool, scopes]) => {
    if (tool === "") {
      throw new KeysError("USAGE", `toolScopes of ${where} has an empty tool name`, {
        hint: "use * for all other tools",
      });
    }
    checkArgument(`toolScopes of ${where}, for ${tool.length > 40 ? "a tool" : JSON.stringify(tool)},`, scopes, TEXTS);
    return [tool, scopes.map(parseScope)] as const;
  });
  return new ToolScopes(new Map(entries));
}

function checkOrigin(text: string): string {
  const isOrigin = /^https?:/i.test(text)
    ? URL.canParse(text) && new URL(text).origin === text && !text.includes("*")
    : // The origin of an app or browser extension, which the URL parser does not support.
      /^[a-z][a-z0-9+.-]*:\/\/[\w.-]+$/.test(text);
  if (isOrigin) return text;
  throw new KeysError("USAGE", `${quote(text)} is not an origin`, {
    hint: "write it as browsers send it: https://app.example, without a path; wildcards are not supported",
  });
}

function checkHost(text: string): string {
  if (parseHost(text) !== null && !/:\d*$/.test(text.replace(/^\[.*\]/, ""))) return text;
  throw new KeysError("USAGE", `${quote(text)} is not a host name`, {
    hint: "write the name alone: mcp.example, without https:// and port; wildcards are not supported",
  });
}

function checkPath(text: string): string {
  if (/^\/[^\s?#*]*$/.test(text)) return text;
  throw new KeysError("USAGE", `${quote(text)} is not a path`, {
    hint: "write it exactly as clients send it: /health; wildcards are not supported",
  });
}

function checkRealm(realm: string): string {
  if (/^[\x20-\x7e]{1,128}$/.test(realm)) return realm;
  throw new KeysError("USAGE", "realm is not 1 to 128 characters of printable ASCII", {
    hint: "use a short name like mcp",
  });
}

function checkHeaderName(name: string): string {
  if (/^[a-z0-9-]{1,64}$/i.test(name)) return name;
  throw new KeysError("USAGE", `${quote(name)} is not the name of a header`, {
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
