import { isConversation, isAccepted } from "../verify/attempt.ts";
import { fail, pass, untestable, type CheckResult } from "../check-result.ts";
import { listNames } from "../judge/judge-refused.ts";
import { describeExit } from "./spawn.ts";
import type { StdioTarget } from "./target.ts";
import type { ProgramKey } from "./program-keys.ts";
import { isSilent, type StartResult } from "./start.ts";

/** Starts the program with each key, one after the other. */
export async function presentEach(target: StdioTarget, keys: readonly ProgramKey[]): Promise<StartResult[]> {
  const starts: StartResult[] = [];
  for (const presented of keys) starts.push(await target.present(presented));
  return starts;
}

/**
 * Judges whether the program rejected all keys. An exit without an answer counts only if the program still starts with your key:
 * it may have exited over a port or a lock.
 */
export async function judgeRefused(target: StdioTarget, starts: readonly StartResult[]): Promise<CheckResult> {
  const accepted = starts.filter(({ attempt }) => isAccepted(attempt));
  if (accepted.length > 0) return fail(`accepted with ${listNames(accepted.map(({ presented }) => presented))}`);
  if (target.greeting === null) return untestable(NOT_ACCEPTED);
  const silent = starts.find((start) => isSilent(start));
  if (silent !== undefined) return untestable(`${silent.presented.name}: ${describeStart(silent, target)}`);
  if (starts.some(({ attempt }) => !isConversation(attempt))) {
    const { attempt } = await target.presentAgain(target.valid);
    if (!isAccepted(attempt)) return untestable("the program accepted your key only once, so an exit proves nothing");
  }
  return pass(summarize(target, starts));
}

/** Lists the observations, each with its keys. */
function summarize(target: StdioTarget, starts: readonly StartResult[]): string {
  const seen = new Map<string, ProgramKey[]>();
  for (const start of starts) {
    const observed = describeStart(start, target);
    seen.set(observed, [...(seen.get(observed) ?? []), start.presented]);
  }
  return [...seen].map(([observed, presented]) => `${observed} with ${listNames(presented)}`).join(", ");
}

export const NOT_ACCEPTED = "the program did not accept your key, so a refusal proves nothing";

/** Describes the result of a start in a few words. */
export function describeStart({ attempt, exit, lastLine }: StartResult, { redact }: StdioTarget): string {
  if (!isConversation(attempt)) {
    const line = redact(lastLine, 80);
    const end = exit === null ? redact(attempt.message) : describeExit(exit);
    return line === "" ? end : `${end} (${line})`;
  }
  const { error } = attempt.answer.reply ?? {};
  if (error === undefined) return "an answer that is not MCP";
  return `error ${String(error.code)} (${redact(error.message, 80)})`;
}
