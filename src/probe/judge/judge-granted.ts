import { KeysError } from "../../errors.ts";
import { fail, pass, untestable, type CheckResult } from "../check-result.ts";
import { kindOf } from "../mcp/answer-kind.ts";
import { holdsList } from "../mcp/conversation.ts";
import type { PresentedKey } from "../mcp/presented-key.ts";
import type { PlannedRequest } from "../mcp/planned-request.ts";
import type { ExchangeResult, Target } from "../target/target.ts";
import { noteTried } from "./evidence.ts";
import { listNames } from "./judge-refused.ts";

const LISTS = ["tools/list", "resources/list", "prompts/list"];

/** One request that was sent, and its result. */
export interface TriedRequest {
  readonly planned: PlannedRequest;
  readonly presented: PresentedKey;
  readonly result: ExchangeResult;
}

/** Sends every request with each key. */
export function exchangeEach(
  target: Target,
  plannedRequests: readonly PlannedRequest[],
  each: readonly PresentedKey[],
): Promise<TriedRequest[]> {
  const pairs = plannedRequests.flatMap((planned) => each.map((presented) => ({ planned, presented })));
  return Promise.all(
    pairs.map(async (pair) => ({ ...pair, result: await target.exchange(pair.planned, pair.presented) })),
  );
}

/** Judges whether the server granted none of the requests. Untestable if one got no answer, 429 or a status above 500. */
export function judgeGranted(tries: readonly TriedRequest[], target: Target): CheckResult {
  const { redact } = target;
  const results = tries.map(({ planned, presented, result }) => ({
    ...{ what: `${planned.name} with ${presented.name}`, result, shows: isGranted(planned, result) },
  }));
  const tried = noteTried(target, results);
  const open = tries.filter(({ planned, result }) => isGranted(planned, result));
  if (open.length > 0) {
    return fail(`${listNames(open.map(({ planned }) => planned))} answered with ${listNames(credentialsOf(open))}`, {
      tried,
    });
  }
  for (const { planned, result } of tries) {
    if (result instanceof KeysError) return untestable(`${planned.name}: ${redact(result.message)}`);
    if (result.status === 429 || result.status > 500) return untestable(`${planned.name}: ${String(result.status)}`);
  }
  const statuses = new Set(tries.map(({ result }) => (result instanceof KeysError ? "" : String(result.status))));
  return pass(`${[...statuses].join(" or ")} with ${listNames(credentialsOf(tries))}`, { tried });
}

/** Returns whether the answer grants the request: a result, or an open stream. Errors grant nothing. */
export function isGranted({ grants }: PlannedRequest, result: ExchangeResult): boolean {
  if (result instanceof KeysError || grants === "nothing") return false;
  if (grants === "stream") return result.status === 200 && result.stream === "open";
  return kindOf(result) === "result" || LISTS.some((list) => holdsList(result, list));
}

function credentialsOf(tries: readonly TriedRequest[]): PresentedKey[] {
  return tries.map(({ presented }) => presented);
}
