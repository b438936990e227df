import { KeysError } from "../../errors.ts";
import { fail, pass, untestable, type CheckResult } from "../check-result.ts";
import type { Credentials } from "../mcp/credentials.ts";
import type { PlannedRequest } from "../mcp/planned-request.ts";
import { kindOf } from "../mcp/answer-kind.ts";
import { listNames } from "./judge-refused.ts";
import type { ExchangeResult, Target } from "../target/target.ts";

/** One exchange and what it came to. */
export interface TriedRequest {
  readonly planned: PlannedRequest;
  readonly credentials: Credentials;
  readonly result: ExchangeResult;
}

/** Runs every errand with each of them. */
export function exchangeEach(
  target: Target,
  plannedRequests: readonly PlannedRequest[],
  each: readonly Credentials[],
): Promise<TriedRequest[]> {
  const pairs = plannedRequests.flatMap((planned) => each.map((credentials) => ({ planned, credentials })));
  return Promise.all(
    pairs.map(async (pair) => ({ ...pair, result: await target.exchange(pair.planned, pair.credentials) })),
  );
}

/** Whether none of them brought what it was for. No answer, a limit and a failure prove nothing. */
export function judgeGranted(tries: readonly TriedRequest[], { redact }: Target): CheckResult {
  const open = tries.filter(({ planned, result }) => isGranted(planned, result));
  if (open.length > 0) {
    return fail(`${listNames(open.map(({ planned }) => planned))} answered with ${listNames(credentialsOf(open))}`);
  }
  for (const { planned, result } of tries) {
    if (result instanceof KeysError) return untestable(`${planned.name}: ${redact(result.message)}`);
    if (result.status === 429 || result.status > 500) return untestable(`${planned.name}: ${String(result.status)}`);
  }
  const statuses = new Set(tries.map(({ result }) => (result instanceof KeysError ? "" : String(result.status))));
  return pass(`${[...statuses].join(" or ")} to ${listNames(credentialsOf(tries))}`);
}

/** Whether the errand brought what it is for: a result, or an open stream. An error is none, whoever else gets the same. */
export function isGranted({ grants }: PlannedRequest, seen: ExchangeResult): boolean {
  if (seen instanceof KeysError || grants === "nothing") return false;
  if (grants === "stream") return seen.status === 200 && seen.stream === "open";
  return kindOf(seen) === "result";
}

function credentialsOf(tries: readonly TriedRequest[]): Credentials[] {
  return tries.map(({ credentials }) => credentials);
}
