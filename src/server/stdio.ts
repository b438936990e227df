import { parsePeppers } from "../core/digest.ts";
import { parseAudience, parseScope } from "../core/generate.ts";
import type { Epoch } from "../core/key.ts";
import { ENVIRONMENT, FUNCTION, readOptions, STORE, TEXT, TEXTS, type Rule, type Rules } from "../core/options.ts";
import { isObject } from "../core/type-guards.ts";
import { explainUnusable } from "../core/token.ts";
import { CODES, KeysError } from "../errors.ts";
import { createKeys } from "../keys/keys.ts";
import type { KeyStore } from "../stores/store.ts";
import { systemNow, systemStoreWorld } from "../world.ts";
import { createAccessLog, type Caller } from "./access/access-log.ts";
import type { AccessRecord } from "./access/access-record.ts";
import { answerStdio, type StdioStreams } from "./answer-stdio.ts";
import { createAuthInfo, type AuthInfo } from "./guard/auth-info.ts";
import { nameOf } from "./verifier/counters.ts";

/**
 * The options of {@link requireApiKeyFromEnv}.
 * @example
 * ```ts
 * import { openStore, type StdioOptions } from "mcp-keys";
 *
 * const options: StdioOptions = { store: await openStore(), variable: "GITHUB_MCP_KEY", scopes: ["mcp"] };
 * ```
 */
export interface StdioOptions {
  /** The store to look the key up in. Not `env:`, which would read the same variable. */
  readonly store: KeyStore;
  /** The variable with the token. Default: `MCP_API_KEY`. */
  readonly variable?: string;
  /** Default: the environment of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Scopes that the key must have. Default: none. */
  readonly scopes?: readonly string[];
  /** The URL that identifies this server. Keys for other servers are refused. Default: none, which refuses every key with an audience. */
  readonly audience?: string;
  /**
   * Where to report the error to the client, as JSON-RPC: `process.stdin` and `process.stdout`. Default: only throws the error.
   */
  readonly answer?: StdioStreams;
  /** Called with a record of the check, as `onAccess` of `createVerifier`; it has no method, tool or address. Its errors are ignored. */
  readonly onAccess?: (record: AccessRecord) => void;
  /** The same as one line of JSON. Standard output belongs to the protocol, so use `console.error` or a file. */
  readonly accessLog?: (line: string) => void;
  /** The current time in whole seconds. Default: the system clock. */
  readonly now?: () => Epoch;
}

const ANSWER: Rule = {
  what: "the streams { input, output }",
  is: (value) =>
    isObject(value) && isStream(value["input"], Symbol.asyncIterator) && isStream(value["output"], "write"),
  hint: "pass { input: process.stdin, output: process.stdout }",
};
const RULES: Rules<StdioOptions> = {
  ...{ store: STORE, variable: TEXT, env: ENVIRONMENT, scopes: TEXTS, audience: TEXT, answer: ANSWER, now: FUNCTION },
  ...{ onAccess: FUNCTION, accessLog: FUNCTION },
};

function isStream(value: unknown, method: PropertyKey): boolean {
  return isObject(value) && typeof (value as Record<PropertyKey, unknown>)[method] === "function";
}

/**
 * Requires a valid key in the environment of a stdio server. Looks the key up once, at start-up. With `answer`, the client gets
 * the error as the response to its `initialize`; without, its user only sees that the server exited. The token is in no message.
 * @returns the caller
 * @throws `KeysError` `INPUT_REQUIRED` if there is no key, `TOKEN_UNUSABLE` if the value cannot be a token, `TOKEN_REFUSED`,
 *   `USAGE` for invalid options, and the errors of the store. `CODES[error.code].exit` is the exit status to use.
 * @example
 * ```ts
 * import { CODES, KeysError, openStore, requireApiKeyFromEnv } from "mcp-keys";
 *
 * try {
 *   const answer = { input: process.stdin, output: process.stdout };
 *   const auth = await requireApiKeyFromEnv({ store: await openStore(), answer });
 *   console.error(`started for ${auth.extra.keyName}`);
 * } catch (error) {
 *   if (!(error instanceof KeysError)) throw error;
 *   console.error(error.message);
 *   process.exitCode = CODES[error.code].exit;
 * }
 * ```
 */
export async function requireApiKeyFromEnv(options: StdioOptions): Promise<AuthInfo> {
  const given = readOptions<StdioOptions>("requireApiKeyFromEnv", options, RULES);
  const { variable = "MCP_API_KEY", scopes = [], audience, answer } = given;
  if (given.store.spec === "env:") {
    throw new KeysError("USAGE", `the store env: would check ${variable} against itself`, {
      hint: "pass a store that the client cannot set: await openStore()",
    });
  }
  const demand = {
    scopes: scopes.map(parseScope),
    audience: audience === undefined ? null : parseAudience(audience),
  };
  try {
    return await check(given, variable, demand);
  } catch (cause) {
    if (cause instanceof KeysError && CODES[cause.code].http === 503) record(given, "unavailable", nameOf(cause.code));
    if (answer !== undefined && cause instanceof KeysError) await answerStdio(answer, cause);
    throw cause;
  }
}

/** Records the check for `onAccess` and `accessLog`. */
function record(
  { now = systemNow, onAccess, accessLog }: StdioOptions,
  verdict: AccessRecord["verdict"],
  reason: string | null,
  caller: Partial<Caller> | null = null,
): void {
  const access = createAccessLog({ now, onAccess, accessLog, positionOf: () => null, onError: () => undefined });
  const none = { http: null, method: null, tool: null, ms: null, address: null };
  access?.write(access.decide(verdict, reason, caller), none);
}

async function check(
  options: StdioOptions,
  variable: string,
  demand: { readonly scopes: readonly string[]; readonly audience: string | null },
): Promise<AuthInfo> {
  const { store, env = systemStoreWorld().env, now = systemNow } = options;
  const token = env[variable] ?? "";
  if (token === "") {
    record(options, "refused", "missing");
    throw new KeysError("INPUT_REQUIRED", `this server needs an API key in ${variable}`, {
      hint: `set ${variable} in the env of this server, in your client's configuration`,
    });
  }
  const problem = explainUnusable(token);
  if (problem !== null) {
    record(options, "refused", "malformed");
    throw new KeysError("TOKEN_UNUSABLE", `the token from ${variable} ${problem}`);
  }
  const keys = createKeys({ store, now, by: "stdio", peppers: parsePeppers(env["MCP_KEYS_PEPPER"]) });
  const verdict = await keys.check(token, demand);
  record(options, verdict.ok ? "accepted" : "refused", verdict.ok ? null : verdict.reason, verdict);
  if (!verdict.ok) {
    const key = verdict.key === undefined ? "" : ` (key ${verdict.key.name})`;
    throw new KeysError("TOKEN_REFUSED", `the token from ${variable} is refused: ${verdict.reason}${key}`, {
      hint: "ask the operator of this server for a key",
    });
  }
  return createAuthInfo(verdict.key, verdict.version);
}
