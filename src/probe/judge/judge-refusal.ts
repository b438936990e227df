import { parseChallenges, type Challenge } from "../mcp/challenge.ts";
import { isConversation, isAccepted, isInconclusive } from "../verify/attempt.ts";
import { fail, pass, untestable, type CheckResult, type Untestable } from "../check-result.ts";
import { NOTHING, type Credentials } from "../mcp/credentials.ts";
import type { PlannedRequest } from "../mcp/planned-request.ts";
import { legacyRequest, modernRequest } from "../mcp/planned-requests.ts";
import { initializeRequest, LEGACY_VERSION } from "../mcp/era-legacy.ts";
import { headerOf } from "../../http/http.ts";
import { describeAttempt } from "./judge-refused.ts";
import type { Target } from "../target/target.ts";
import type { McpAnswer } from "../mcp/wire.ts";

/** The most {@link refusalOf} sends. */
export const REFUSAL_COST = { requests: 4, wrong: 4 };

/**
 * The answer by which a presentation was turned away. There is none where it was let in, which the checks of the door report,
 * and where another moment might have changed it.
 */
export async function refusalOf(target: Target, credentials: Credentials): Promise<McpAnswer | Untestable> {
  const attempt = await target.present(credentials);
  if (isAccepted(attempt)) return untestable(`${credentials.name} is let in`);
  if (!isConversation(attempt) || isInconclusive(attempt)) {
    return untestable(`${credentials.name}: ${describeAttempt(attempt, target)}`);
  }
  return attempt.answer;
}

/** What a 401 says about how to come in: the header as it was sent, and `null` where it is none by the rule. */
export interface ReceivedChallenge {
  readonly header: string;
  readonly challenges: readonly Challenge[] | null;
}

/** The challenge that goes with the 401 to a presentation. */
export async function challengeOf(target: Target, credentials: Credentials): Promise<ReceivedChallenge | Untestable> {
  const answer = await refusalOf(target, credentials);
  if ("untestable" in answer) return answer;
  if (answer.status !== 401) return untestable(`${credentials.name} gets ${String(answer.status)} and not 401`);
  const header = headerOf(answer, "www-authenticate") ?? "";
  if (header === "") return untestable(`the 401 to ${credentials.name} has no challenge`);
  return { header, challenges: parseChallenges(header) };
}

/** The `Bearer` challenge among them, with its parameters. */
export async function bearerOf(target: Target, credentials: Credentials): Promise<Challenge | Untestable> {
  const challenged = await challengeOf(target, credentials);
  if ("untestable" in challenged) return challenged;
  const { challenges } = challenged;
  if (challenges === null) return untestable("the challenge cannot be read");
  return challenges.find(({ scheme }) => scheme === "bearer") ?? untestable("the challenge does not name Bearer");
}

/** How a client of the first era begins; `null` where that takes no message. */
export function openingRequest({ survey, clientInfo }: Target): PlannedRequest | null {
  const [greeting] = survey.greetings;
  if (greeting === undefined || greeting.era === "sse") return null;
  return greeting.era === "modern"
    ? modernRequest("tools/list", clientInfo)
    : legacyRequest(initializeRequest(clientInfo, LEGACY_VERSION));
}

/** The same with a body that is no JSON. */
export function withBrokenBody(planned: PlannedRequest): PlannedRequest {
  return { ...planned, body: '{"jsonrpc":"2.0","method":', id: undefined, cacheKey: `${planned.cacheKey} cut short` };
}

/** The refusal of a message as a client begins, sent without a key, with that message. */
export async function refusedOpening(
  target: Target,
): Promise<{ planned: PlannedRequest; answer: McpAnswer } | Untestable> {
  const planned = openingRequest(target);
  if (planned === null) return untestable("HTTP+SSE takes no message before its stream is open");
  const answer = await target.exchange(planned, NOTHING);
  if (!("status" in answer)) return untestable(target.redact(answer.message));
  if (answer.status === 401 || answer.status === 403) return { planned, answer };
  return untestable(`a whole message without a key is not refused: ${String(answer.status)}`);
}

/** Whether a presentation is turned away with 401. */
export async function judgeStatus(target: Target, credentials: Credentials): Promise<CheckResult> {
  const answer = await refusalOf(target, credentials);
  if ("untestable" in answer) return answer;
  const { status, reply } = answer;
  if (status === 401) return pass("401");
  return fail(
    `${String(status)}${reply?.error === undefined ? "" : ` with JSON-RPC error ${String(reply.error.code)}`}`,
  );
}
