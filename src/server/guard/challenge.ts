import type { Reason } from "../../core/judge.ts";
import { CODES, KeysError } from "../../errors.ts";
import { formatOAuthError, type GuardResponse } from "./guard-response.ts";

/** Why the guard refuses a request: the reason of a verdict, two tokens in one request, or an internal error. */
export type Denial = Reason | "ambiguous" | KeysError;

export interface ChallengeOptions {
  readonly realm: string;
  /** Sent with `insufficient_scope`: the scopes that the request needs. */
  readonly scopes: readonly string[];
}

/** Seconds. A failing store is polled every second. */
const RETRY_AFTER = "5";

/**
 * Creates the response to a refused request. The client learns whether its token is missing, malformed, duplicated, not valid
 * here, or lacks a scope. It does not learn whether a key exists, has expired or was revoked.
 * @see RFC 6750 section 3 (no error code when no token was sent), RFC 9110 section 15.5.2
 */
export function challenge(denial: Denial, options: ChallengeOptions): GuardResponse {
  const { realm, scopes } = options;
  if (denial instanceof KeysError) return formatInternalError(denial);
  switch (denial) {
    case "missing":
      return formatOAuthError(401, "unauthorized", "This server needs an API key: Authorization: Bearer <key>", {
        "www-authenticate": formatChallenge({ realm }),
      });
    case "ambiguous":
      return refuse(400, "invalid_request", "The request contains more than one token; send only one", { realm });
    case "insufficient-scope":
      return refuse(403, "insufficient_scope", "The key lacks a scope that this request needs", {
        realm,
        scope: scopes.join(" "),
      });
    case "malformed":
    case "mistyped":
    case "unknown":
    case "expired":
    case "revoked":
    case "disabled":
    case "wrong-audience":
      return refuse(401, "invalid_token", describeRefusal(denial), { realm });
  }
}

/** Describes a refused token to the client: one text for all reasons but `malformed`. */
export function describeRefusal(reason: Reason): string {
  return reason === "malformed"
    ? "The token is malformed; send only the key after Bearer"
    : "The key is not valid here";
}

/** Sends no challenge: the key may be valid, and clients discard a key on 401. */
function formatInternalError({ code }: KeysError): GuardResponse {
  if (CODES[code].http !== 503) return formatOAuthError(500, "server_error", "The request could not be checked");
  return formatOAuthError(503, "temporarily_unavailable", "Keys cannot be checked right now; try again later", {
    "retry-after": RETRY_AFTER,
  });
}

function refuse(
  status: 400 | 401 | 403,
  error: string,
  description: string,
  { realm, ...more }: Record<string, string> & { realm: string },
): GuardResponse {
  const parameters = { realm, error, error_description: description, ...more };
  return formatOAuthError(status, error, description, { "www-authenticate": formatChallenge(parameters) });
}

/** @see RFC 9110 section 5.6.4 (quoted-string) */
function formatChallenge(parameters: Record<string, string>): string {
  const pairs = Object.entries(parameters).map(([name, value]) => `${name}="${value.replace(/["\\]/g, "\\$&")}"`);
  return `Bearer ${pairs.join(", ")}`;
}
