import { parseAudience } from "../core/generate.ts";
import { checkOptionNames } from "../core/options.ts";
import { KeysError } from "../errors.ts";
import { createAuthInfo, type AuthInfo } from "./guard/auth-info.ts";
import { describeRefusal } from "./guard/challenge.ts";
import { judgeFresh } from "./verifier/verify-fresh.ts";
import type { Verifier } from "./verifier/verifier.ts";

/**
 * What `requireBearerAuth` of the MCP SDKs takes as its `verifier`, v1 and v2.
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
  /** Rejects with what `refuse` made, or with a `KeysError` when the store cannot answer: the SDKs answer that with 500. */
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
  /** The URL of the server, in place of the verifier's: keys bound to others are refused. Reported as `resource`. */
  readonly audience?: string;
}

/**
 * For servers that keep the `requireBearerAuth` of an MCP SDK: checks tokens with a verifier. The two generations know
 * their own errors only, so the caller makes them:
 * ```ts
 * createTokenVerifier(verifier, (message) => new InvalidTokenError(message)); // v1
 * createTokenVerifier(verifier, (message) => new OAuthError(OAuthErrorCode.InvalidToken, message)); // v2
 * ```
 * Scopes are asked by the SDK (`requiredScopes`). It does not refuse two tokens in a request, answers 500 where a guard
 * answers 503, and sends `invalid_token` where no token was sent: prefer a guard where nothing else needs theirs.
 * @throws `KeysError` `USAGE` when an option is unknown or makes no sense
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
    throw new KeysError("USAGE", "createTokenVerifier needs a function that makes the SDK's error", {
      hint: "pass (message) => new InvalidTokenError(message)",
    });
  }
  const audience = options.audience === undefined ? undefined : parseAudience(options.audience);
  const asked = { ...(audience !== undefined && { audience }) };
  return {
    async verifyAccessToken(token) {
      const verdict = await judgeFresh(verifier, (what) => verifier.verify(token, what), asked);
      if (verdict instanceof KeysError) throw verdict;
      if (!verdict.ok) throw refuse(describeRefusal(verdict.reason));
      const auth = createAuthInfo(verdict.key, verdict.version);
      return audience === undefined ? auth : { ...auth, resource: new URL(audience) };
    },
  };
}
