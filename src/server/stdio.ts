import { parsePeppers } from "../core/digest.ts";
import { parseAudience, parseScope } from "../core/generate.ts";
import type { Epoch } from "../core/key.ts";
import { explainUnusable } from "../core/unusable.ts";
import { checkArgument, checkOptionNames, STORE } from "../core/options.ts";
import { KeysError } from "../errors.ts";
import { createKeys } from "../keys/keys.ts";
import type { KeyStore } from "../stores/store.ts";
import { systemNow, systemStoreWorld } from "../world.ts";
import { createAuthInfo, type AuthInfo } from "./guard/auth-info.ts";
import { answerWithFault, type StdioStreams } from "./stdio-answer.ts";

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
  /** Where the key must be. Not `env:`, which would find in `MCP_API_KEY` what it is asked about. */
  readonly store: KeyStore;
  /** The variable that holds the token; `MCP_API_KEY` by default. */
  readonly variable?: string;
  /** This process's by default. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Scopes that the key must have, all of them. None by default. */
  readonly scopes?: readonly string[];
  /** The URL that stands for this server: keys bound to others are refused. By default every bound key is. */
  readonly audience?: string;
  /** Where to tell the client, in JSON-RPC: `process.stdin` and `process.stdout`. By default only the error is thrown. */
  readonly answer?: StdioStreams;
  /** The current time in whole seconds; the system's by default. */
  readonly now?: () => Epoch;
}

const NAMES = ["store", "variable", "env", "scopes", "audience", "answer", "now"];

/**
 * Stops a stdio server at its start when the key in its environment is missing or refused: looks the key up once and returns
 * who it is. With `answer` the client is first told why, as the error of its `initialize`; without, its user sees only that
 * the server ended. The token is in no message.
 * @throws `KeysError`, whose `CODES[code].exit` is the status to exit with: `INPUT_REQUIRED` without a key, `TOKEN_UNUSABLE`
 *   for one that cannot be a token, `TOKEN_REFUSED`; `USAGE` for options that make no sense; what the store throws
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
  checkOptionNames("requireApiKeyFromEnv", options, NAMES);
  checkArgument("store of requireApiKeyFromEnv", options.store, STORE);
  const { variable = "MCP_API_KEY", scopes = [], audience, answer } = options;
  if (options.store.spec === "env:") {
    throw new KeysError("USAGE", `the store env: would check ${variable} against itself`, {
      hint: "pass a store that whoever starts the server cannot set: await openStore()",
    });
  }
  const demand = {
    scopes: scopes.map(parseScope),
    audience: audience === undefined ? null : parseAudience(audience),
  };
  try {
    return await check(options, variable, demand);
  } catch (cause) {
    if (answer !== undefined && cause instanceof KeysError) await answerWithFault(answer, cause);
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
      hint: `set ${variable} in the env of this server, in the configuration of your client`,
    });
  }
  const fault = explainUnusable(token);
  if (fault !== null) throw new KeysError("TOKEN_UNUSABLE", `the token from ${variable} ${fault}`);
  const keys = createKeys({ store, now, by: "stdio", peppers: parsePeppers(env["MCP_KEYS_PEPPER"]) });
  const verdict = await keys.check(token, demand);
  if (!verdict.ok) {
    const whose = verdict.key === undefined ? "" : ` (key ${verdict.key.name})`;
    throw new KeysError("TOKEN_REFUSED", `the token from ${variable} is refused: ${verdict.reason}${whose}`, {
      hint: "ask whoever runs this server for a key",
    });
  }
  return createAuthInfo(verdict.key, verdict.version);
}
