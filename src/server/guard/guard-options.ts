import { parseAudience, parseScope } from "../../core/generate.ts";
import { checkOptionNames } from "../../core/options.ts";
import { KeysError } from "../../errors.ts";
import { allowOrigins, OWN_ORIGINS, type OriginRules } from "./origins.ts";
import { Sessions } from "./sessions.ts";
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
   * off. Default: pages of the server's own host.
   */
  readonly allowedOrigins?: readonly string[] | "any";
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
  readonly sessions: Sessions | null;
}

const NAMES = [
  ...["scopes", "toolScopes", "audience", "realm", "apiKeyHeader"],
  ...["allowedOrigins", "openPaths", "sessions"],
];

/** @throws {@link KeysError} `USAGE` if an option is unknown or invalid */
export function resolveGuardOptions(options: GuardOptions): GuardRules {
  checkOptionNames("the guard", options, NAMES);
  const { audience, realm = "mcp", allowedOrigins, toolScopes, sessions = true } = options;
  const apiKeyHeader = parseHeaderName(options.apiKeyHeader);
  if (typeof sessions !== "boolean") throw new KeysError("USAGE", "sessions must be true or false");
  return {
    scopes: parseScopes("scopes", options.scopes ?? []),
    tools: toolScopes === undefined ? null : parseToolScopes(toolScopes),
    audience: audience === undefined ? undefined : parseAudience(audience),
    realm: checkRealm(realm),
    apiKeyHeader,
    origins: chooseOrigins(allowedOrigins, apiKeyHeader),
    openPaths: new Set(checkList("openPaths", options.openPaths ?? []).map(checkPath)),
    sessions: sessions ? new Sessions() : null,
  };
}

function chooseOrigins(allowed: GuardOptions["allowedOrigins"], apiKeyHeader: string): OriginRules | null {
  if (allowed === undefined) return OWN_ORIGINS;
  if (allowed === "any") return null;
  return allowOrigins(checkList("allowedOrigins", allowed).map(checkOrigin), apiKeyHeader);
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

function parseHeaderName(name: string | undefined): string {
  if (name === undefined) return "";
  const lower = name.toLowerCase();
  if (/^[a-z0-9-]{1,64}$/.test(lower) && lower !== "authorization") return lower;
  throw new KeysError("USAGE", "apiKeyHeader must name a header other than Authorization", {
    hint: 'write it as "X-API-Key"',
  });
}
