import type { Reason } from "../../core/judge.ts";
import { KeysError } from "../../errors.ts";
import { formatAnswer, type Answer } from "./answer.ts";

/** Why a request is answered by the guard: a refusal, two tokens in one request, or a fault on our side. */
export type Denial = Reason | "ambiguous" | KeysError;

export interface ChallengeOptions {
  readonly realm: string;
  /** Named in the challenge when they are what is lacking. */
  readonly scopes: readonly string[];
}

/** Seconds; a store that fails is looked at every second. */
const RETRY_AFTER = "5";

/**
 * The response to a request that is not let in. What a client may learn: that it sent no token, none that could be read,
 * two of them, one that is not valid here, or one that lacks a scope. Not whether a key exists, expired or was revoked.
 * @see RFC 6750 section 3 (no error code when no token was sent), RFC 9110 section 15.5.2
 */
export function challenge(denial: Denial, options: ChallengeOptions): Answer {
  const { realm, scopes } = options;
  if (denial instanceof KeysError) return faultAnswer(denial);
  switch (denial) {
    case "missing":
      return formatAnswer(401, "unauthorized", "This server needs an API key: Authorization: Bearer <key>", {
        "www-authenticate": formatChallenge({ realm }),
      });
    case "ambiguous":
      return refusal(400, "invalid_request", "The request holds more than one token: send one", { realm });
    case "insufficient-scope":
      return refusal(403, "insufficient_scope", "The key lacks a scope that this request needs", {
        realm,
        scope: scopes.join(" "),
      });
    case "malformed":
      return refusal(401, "invalid_token", describeRefusal(denial), { realm });
    case "mistyped":
    case "unknown":
    case "expired":
    case "revoked":
    case "disabled":
    case "wrong-audience":
      return refusal(401, "invalid_token", describeRefusal(denial), { realm });
  }
}

/** What a client may read of why its token is refused: one text for all but malformed. */
export function describeRefusal(reason: Reason): string {
  return reason === "malformed"
    ? "The token is not well formed: send the key alone after Bearer"
    : "The key is not valid here";
}

/** Without a challenge: the key may be good, and a client throws it away on 401. */
function faultAnswer({ code }: KeysError): Answer {
  if (!code.startsWith("STORE_")) return formatAnswer(500, "server_error", "The request could not be checked");
  return formatAnswer(503, "temporarily_unavailable", "Keys cannot be checked at the moment: try again", {
    "retry-after": RETRY_AFTER,
  });
}

function refusal(
  status: 400 | 401 | 403,
  error: string,
  description: string,
  { realm, ...more }: Record<string, string> & { realm: string },
): Answer {
  const parameters = { realm, error, error_description: description, ...more };
  return formatAnswer(status, error, description, { "www-authenticate": formatChallenge(parameters) });
}

/** @see RFC 9110 section 5.6.4 (quoted-string) */
function formatChallenge(parameters: Record<string, string>): string {
  const pairs = Object.entries(parameters).map(([name, value]) => `${name}="${value.replace(/["\\]/g, "\\$&")}"`);
  return `Bearer ${pairs.join(", ")}`;
}
