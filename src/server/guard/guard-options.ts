import { parseAudience, parseScope } from "../../core/generate.ts";
import { checkOptionNames } from "../../core/options.ts";
import { KeysError } from "../../errors.ts";
import { createOrigins, judgeOwnOrigin, type OriginRuling } from "./origins.ts";
import { Sessions } from "./sessions.ts";
import { ToolScopes } from "./tool-scopes.ts";
import type { RequestView } from "./request-view.ts";

/**
 * What a guard asks of each request. `docs/server.md` has each with its default and an example.
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
  /** Scopes that the key must have, all of them. None by default. */
  readonly scopes?: readonly string[];
  /** Scopes that calls of a tool need beside those, by the name of the tool; `*` for tools not named. None by default. */
  readonly toolScopes?: Readonly<Record<string, readonly string[]>>;
  /** The URL of the server, in place of the verifier's: keys bound to others are refused. */
  readonly audience?: string;
  /** The protection space named in challenges; `mcp` by default. */
  readonly realm?: string;
  /** A header that may hold the token alone, such as `X-API-Key`, beside `Authorization: Bearer`. None by default. */
  readonly apiKeyHeader?: string;
  /**
   * Origins whose pages may use the server, such as `https://app.example`; `[]` refuses all, and `"any"` looks at none. By
   * default those of the host that was asked.
   */
  readonly allowedOrigins?: readonly string[] | "any";
  /** Paths that are open to everybody, such as `/health`, exactly as they are sent. None by default. */
  readonly openPaths?: readonly string[];
  /** Whether a session may be used only with the key that opened it. `true` by default. */
  readonly sessions?: boolean;
}

/** The options of a guard, checked, as it works with them. */
export interface GuardRules {
  readonly scopes: readonly string[];
  readonly tools: ToolScopes | null;
  readonly audience: string | undefined;
  readonly realm: string;
  /** In lower case; empty when there is none. */
  readonly apiKeyHeader: string;
  /** Returns `null` when there is nothing to do; itself `null` when no origin is looked at. */
  readonly judgeOrigin: ((view: RequestView) => OriginRuling | null) | null;
  readonly openPaths: ReadonlySet<string>;
  readonly sessions: Sessions | null;
}

const NAMES = [
  ...["scopes", "toolScopes", "audience", "realm", "apiKeyHeader"],
  ...["allowedOrigins", "openPaths", "sessions"],
];

/** @throws {@link KeysError} `USAGE` for an option that is unknown or makes no sense */
export function resolveGuardOptions(options: GuardOptions): GuardRules {
  checkOptionNames("the guard", options, NAMES);
  const { audience, realm = "mcp", allowedOrigins, toolScopes, sessions = true } = options;
  const apiKeyHeader = checkHeader(options.apiKeyHeader);
  if (typeof sessions !== "boolean") throw new KeysError("USAGE", "sessions is not true or false");
  return {
    scopes: parseScopes("scopes", options.scopes ?? []),
    tools: toolScopes === undefined ? null : parseToolScopes(toolScopes),
    audience: audience === undefined ? undefined : parseAudience(audience),
    realm: checkRealm(realm),
    apiKeyHeader,
    judgeOrigin: originRule(allowedOrigins, apiKeyHeader),
    openPaths: new Set(checkList("openPaths", options.openPaths ?? []).map(checkPath)),
    sessions: sessions ? new Sessions() : null,
  };
}

function originRule(allowed: GuardOptions["allowedOrigins"], apiKeyHeader: string): GuardRules["judgeOrigin"] {
  if (allowed === undefined) return judgeOwnOrigin;
  if (allowed === "any") return null;
  return createOrigins(checkList("allowedOrigins", allowed).map(checkOrigin), apiKeyHeader);
}

/** A text in place of a list would be read as a list of letters. */
function checkList(name: string, value: unknown): string[] {
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value;
  throw new KeysError("USAGE", `${name} is not a list of texts`, { hint: `write it as ${name}: ["…"]` });
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
    : // Of an application or an extension: the web's parser knows no origin for those.
      /^[a-z][a-z0-9+.-]*:\/\/[\w.-]+$/.test(text);
  if (isOrigin) return text;
  throw new KeysError("USAGE", `${JSON.stringify(text)} is not an origin`, {
    hint: "write it as browsers send it, https://app.example, without a path; there is no wildcard",
  });
}

function checkPath(text: string): string {
  if (/^\/[^\s?#*]*$/.test(text)) return text;
  throw new KeysError("USAGE", `${JSON.stringify(text)} is not a path`, {
    hint: "write it as /health, exactly as it is sent; there is no wildcard",
  });
}

function checkRealm(realm: unknown): string {
  if (typeof realm === "string" && /^[\x20-\x7e]{1,128}$/.test(realm)) return realm;
  throw new KeysError("USAGE", "the realm is not a line of plain ASCII", { hint: "use a short name, such as mcp" });
}

function checkHeader(name: string | undefined): string {
  if (name === undefined) return "";
  const lower = name.toLowerCase();
  if (/^[a-z0-9-]{1,64}$/.test(lower) && lower !== "authorization") return lower;
  throw new KeysError("USAGE", "apiKeyHeader is not the name of a header beside Authorization", {
    hint: 'write it as "X-API-Key"',
  });
}
