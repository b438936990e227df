import { headerOf } from "../../http/http.ts";
import { fail, pass, untestable, type CheckResult, type Untestable } from "../check-result.ts";
import { parseChallenges, type Challenge } from "../mcp/challenge.ts";
import { NOTHING, type PresentedKey } from "../mcp/presented-key.ts";
import { initializeRequest, LEGACY_VERSION } from "../mcp/rpc-message.ts";
import { type PlannedRequest, legacyRequest, modernRequest } from "../mcp/planned-request.ts";
import type { McpAnswer } from "../mcp/wire.ts";
import type { Target } from "../target/target.ts";
import { isAccepted, isConversation, isInconclusive } from "../verify/attempt.ts";
import { describeAttempt } from "./judge-refused.ts";

/** Cost of {@link refusalOf}. */
export const REFUSAL_COST = { requests: 4, wrong: 4 };

/** Returns the answer that refuses a key. Untestable if the key is accepted (access checks report that) or the answer inconclusive. */
export async function refusalOf(target: Target, presented: PresentedKey): Promise<McpAnswer | Untestable> {
  const attempt = await target.present(presented);
  if (isAccepted(attempt)) return untestable(`accepted with ${presented.name}`);
  if (!isConversation(attempt) || isInconclusive(attempt)) {
    return untestable(`${presented.name}: ${describeAttempt(attempt, target)}`);
  }
  return attempt.answer;
}

/** A `WWW-Authenticate` header as received, and its challenges; `null` if it does not parse. */
export interface ReceivedChallenge {
  readonly header: string;
  readonly challenges: readonly Challenge[] | null;
}

/** Returns the challenge in the 401 that refuses a key. */
export async function challengeOf(target: Target, presented: PresentedKey): Promise<ReceivedChallenge | Untestable> {
  const answer = await refusalOf(target, presented);
  if ("untestable" in answer) return answer;
  if (answer.status !== 401) return untestable(`${presented.name} gets ${String(answer.status)} instead of 401`);
  const header = headerOf(answer, "www-authenticate") ?? "";
  if (header === "") return untestable(`the 401 for ${presented.name} has no WWW-Authenticate header`);
  return { header, challenges: parseChallenges(header) };
}

/** Returns the `Bearer` challenge in the 401 that refuses a key. */
export async function bearerOf(target: Target, presented: PresentedKey): Promise<Challenge | Untestable> {
  const received = await challengeOf(target, presented);
  if ("untestable" in received) return received;
  const { challenges } = received;
  if (challenges === null) return untestable("the WWW-Authenticate header does not parse");
  return challenges.find(({ scheme }) => scheme === "bearer") ?? untestable("the challenge does not name Bearer");
}

/** Plans the first request of a client in the newest era; `null` for HTTP+SSE, which starts without a message. */
export function openingRequest({ survey, clientInfo }: Target): PlannedRequest | null {
  const [greeting] = survey.greetings;
  if (greeting === undefined || greeting.era === "sse") return null;
  return greeting.era === "modern"
    ? modernRequest("tools/list", clientInfo)
    : legacyRequest(initializeRequest(clientInfo, LEGACY_VERSION));
}

/** Cuts the body of a request short, which makes it invalid JSON. */
export function withBrokenBody(planned: PlannedRequest): PlannedRequest {
  return { ...planned, body: '{"jsonrpc":"2.0","method":', id: undefined, cacheKey: `${planned.cacheKey} cut short` };
}

/** Sends the opening request without a key and returns it with its refusal. */
export async function refusedOpening(
  target: Target,
): Promise<{ planned: PlannedRequest; answer: McpAnswer } | Untestable> {
  const planned = openingRequest(target);
  if (planned === null) return untestable("HTTP+SSE takes no message before its stream is open");
  const answer = await target.exchange(planned, NOTHING);
  if (!("status" in answer)) return untestable(target.redact(answer.message));
  if (answer.status === 401 || answer.status === 403) return { planned, answer };
  return untestable(`the server does not refuse a valid message without a key: ${String(answer.status)}`);
}

/** Judges whether a key gets 401. */
export async function judgeStatus(target: Target, presented: PresentedKey): Promise<CheckResult> {
  const answer = await refusalOf(target, presented);
  if ("untestable" in answer) return answer;
  const { status, reply } = answer;
  if (status === 401) return pass("401");
  return fail(
    `${String(status)}${reply?.error === undefined ? "" : ` with JSON-RPC error ${String(reply.error.code)}`}`,
  );
}
