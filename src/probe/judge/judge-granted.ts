import { KeysError } from "../../errors.ts";
import { fail, pass, untestable, type CheckResult } from "../check.ts";
import type { Credentials } from "../mcp/credentials.ts";
import type { PlannedRequest } from "../mcp/planned-request.ts";
import { kindOf } from "../mcp/answer-kind.ts";
import { nameAll } from "./judge-refused.ts";
import type { Seen, Target } from "../target/target.ts";

/** One exchange and what it came to. */
export interface Try {
  readonly planned: PlannedRequest;
  readonly credentials: Credentials;
  readonly seen: Seen;
}

/** Runs every errand with each of them. */
export function exchangeEach(
  target: Target,
  plannedRequests: readonly PlannedRequest[],
  each: readonly Credentials[],
): Promise<Try[]> {
  const pairs = plannedRequests.flatMap((planned) => each.map((credentials) => ({ planned, credentials })));
  return Promise.all(
    pairs.map(async (pair) => ({ ...pair, seen: await target.exchange(pair.planned, pair.credentials) })),
  );
}

/** Whether none of them brought what it was for. No answer, a limit and a failure prove nothing. */
export function judgeGranted(tries: readonly Try[], { redact }: Target): CheckResult {
  const open = tries.filter(({ planned, seen }) => isGranted(planned, seen));
  if (open.length > 0) {
    return fail(`${nameAll(open.map(({ planned }) => planned))} answered with ${nameAll(credentialsOf(open))}`);
  }
  for (const { planned, seen } of tries) {
    if (seen instanceof KeysError) return untestable(`${planned.name}: ${redact(seen.message)}`);
    if (seen.status === 429 || seen.status > 500) return untestable(`${planned.name}: ${String(seen.status)}`);
  }
  const statuses = new Set(tries.map(({ seen }) => (seen instanceof KeysError ? "" : String(seen.status))));
  return pass(`${[...statuses].join(" or ")} to ${nameAll(credentialsOf(tries))}`);
}

/** Whether the errand brought what it is for: a result, or an open stream. An error is none, whoever else gets the same. */
export function isGranted({ grants }: PlannedRequest, seen: Seen): boolean {
  if (seen instanceof KeysError || grants === "nothing") return false;
  if (grants === "stream") return seen.status === 200 && seen.stream === "open";
  return kindOf(seen) === "result";
}

function credentialsOf(tries: readonly Try[]): Credentials[] {
  return tries.map(({ credentials }) => credentials);
}
