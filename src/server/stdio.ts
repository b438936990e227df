import { parsePeppers } from "../core/digest.ts";
import { parseAudience, parseScope } from "../core/generate.ts";
import type { Epoch } from "../core/key.ts";
import { ENVIRONMENT, FUNCTION, readOptions, STORE, TEXT, TEXTS, type Rule, type Rules } from "../core/options.ts";
import { isObject } from "../core/type-guards.ts";
import { explainUnusable } from "../core/token.ts";
import { KeysError } from "../errors.ts";
import { createKeys } from "../keys/keys.ts";
import type { KeyStore } from "../stores/store.ts";
import { systemNow, systemStoreWorld } from "../world.ts";
import { answerStdio, type StdioStreams } from "./answer-stdio.ts";
import { createAuthInfo, type AuthInfo } from "./guard/auth-info.ts";

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
    if (answer !== undefined && cause instanceof KeysError) await answerStdio(answer, cause);
    throw cause;
  }
}

async function check(
  { store, env = systemStoreWorld().env, now = systemNow }: StdioOptions,
  variable: string,
  demand: { readonly scopes: readonly string[]; readonly audience: string | null },
): Promise<AuthInfo> {
  const token = env[variable] ?? "";
  if (token === "") {
    throw new KeysError("INPUT_REQUIRED", `this server needs an API key in ${variable}`, {
      hint: `set ${variable} in the env of this server, in your client's configuration`,
    });
  }
  const problem = explainUnusable(token);
  if (problem !== null) throw new KeysError("TOKEN_UNUSABLE", `the token from ${variable} ${problem}`);
  const keys = createKeys({ store, now, by: "stdio", peppers: parsePeppers(env["MCP_KEYS_PEPPER"]) });
  const verdict = await keys.check(token, demand);
  if (!verdict.ok) {
    const key = verdict.key === undefined ? "" : ` (key ${verdict.key.name})`;
    throw new KeysError("TOKEN_REFUSED", `the token from ${variable} is refused: ${verdict.reason}${key}`, {
      hint: "ask the operator of this server for a key",
    });
  }
  return createAuthInfo(verdict.key, verdict.version);
}
