import { parseAudience } from "../core/generate.ts";
import { checkOptionNames } from "../core/options.ts";
import { KeysError } from "../errors.ts";
import { createAuthInfo, type AuthInfo } from "./guard/auth-info.ts";
import { describeRefusal } from "./guard/challenge.ts";
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
  checkOptionNames("createTokenVerifier", options, ["audience"]);
  if (typeof (refuse as unknown) !== "function") {
    throw new KeysError("USAGE", "createTokenVerifier needs a function that creates the SDK's error", {
      hint: "pass (message) => new InvalidTokenError(message)",
    });
  }
  const audience = options.audience === undefined ? undefined : parseAudience(options.audience);
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
