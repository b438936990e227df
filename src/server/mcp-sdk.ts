import { parseAudience } from "../core/generate.ts";
import { checkArgument, FUNCTION, readOptions, TEXT, type Rule } from "../core/options.ts";
import { isObject } from "../core/type-guards.ts";
import { KeysError } from "../errors.ts";
import { createAuthInfo, type AuthInfo } from "./guard/auth-info.ts";
import { describeRefusal } from "./guard/challenge.ts";
import { checkVerifier } from "./verifier/check-verifier.ts";
import { verifyFresh } from "./verifier/verify-fresh.ts";
import type { Verifier } from "./verifier/verifier.ts";

/**
 * The `verifier` of the MCP SDKs' `requireBearerAuth`, v1 and v2.
 * @example
 * ```ts
 * import type { TokenVerifier } from "mcp-keys";
 *
 * async function callerOf(verifier: TokenVerifier, token: string): Promise<string> {
 *   const { clientId } = await verifier.verifyAccessToken(token);
 *   return clientId;
 * }
 * ```
 */
export interface TokenVerifier {
  /**
   * Returns the caller. Rejects with the error that `refuse` created, or with a `KeysError` if the store cannot answer, which
   * the SDKs turn into a 500.
   */
  verifyAccessToken(token: string): Promise<AuthInfo & { resource?: URL }>;
}

/**
 * The options of {@link createTokenVerifier}.
 * @example
 * ```ts
 * import type { TokenVerifierOptions } from "mcp-keys";
 *
 * const options: TokenVerifierOptions = { audience: "https://host.example/mcp" };
 * ```
 */
export interface TokenVerifierOptions {
  /** The URL of this server, returned as `resource`. Keys for other servers are refused. Default: the verifier's. */
  readonly audience?: string;
}

const REFUSE: Rule = { ...FUNCTION, hint: "pass (message) => new InvalidTokenError(message)" };
const ERROR: Rule = {
  what: "an error",
  is: (value) => isObject(value) && typeof value["message"] === "string",
  hint: "pass a function that returns the error, or make it an arrow without braces",
};

/**
 * Creates a `verifier` for the MCP SDKs' `requireBearerAuth`. The caller creates the errors, since each SDK recognizes only
 * its own. The SDK checks the scopes (`requiredScopes`).
 *
 * Prefer a guard unless something else needs `requireBearerAuth`: the SDK does not refuse two tokens in one request, answers
 * 500 if the store cannot answer (a guard answers 503), and sends `invalid_token` if there is no token.
 * @throws `KeysError` `USAGE` if an option is unknown or invalid
 * @example
 * ```ts
 * import { InvalidTokenError } from "@modelcontextprotocol/sdk/server/auth/errors.js";
 * import { requireBearerAuth } from "@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js";
 * import { createTokenVerifier, createVerifier, openStore } from "mcp-keys";
 *
 * const keys = await createVerifier({ store: await openStore() });
 * const verifier = createTokenVerifier(keys, (message) => new InvalidTokenError(message));
 * const middleware = requireBearerAuth({ verifier });
 * ```
 */
export function createTokenVerifier(
  verifier: Verifier,
  refuse: (message: string) => Error,
  options: TokenVerifierOptions = {},
): TokenVerifier {
  checkVerifier("createTokenVerifier", verifier);
  checkArgument("the second argument of createTokenVerifier", refuse, REFUSE);
  checkArgument("the result of the second argument of createTokenVerifier", refuse("a test at start-up"), ERROR);
  const given = readOptions<TokenVerifierOptions>("createTokenVerifier", options, { audience: TEXT });
  const audience = given.audience === undefined ? undefined : parseAudience(given.audience);
  const requirements = { ...(audience !== undefined && { audience }) };
  return {
    async verifyAccessToken(token) {
      const verdict = await verifyFresh(verifier, (wanted) => verifier.verify(token, wanted), requirements);
      if (verdict instanceof KeysError) throw verdict;
      if (!verdict.ok) throw refuse(describeRefusal(verdict.reason));
      const auth = createAuthInfo(verdict.key, verdict.version);
      return audience === undefined ? auth : { ...auth, resource: new URL(audience) };
    },
  };
}
