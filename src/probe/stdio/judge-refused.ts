import { isConversation, isAccepted } from "../verify/attempt.ts";
import { fail, pass, untestable, type CheckResult } from "../check-result.ts";
import { listNames } from "../judge/judge-refused.ts";
import { describeExit } from "./lines.ts";
import type { StdioTarget } from "./target.ts";
import { isSilent, type Presented, type Start } from "./start.ts";

/** Starts the program with each of them, one after the other. */
export async function presentEach(target: StdioTarget, each: readonly Presented[]): Promise<Start[]> {
  const starts: Start[] = [];
  for (const presented of each) starts.push(await target.present(presented));
  return starts;
}

/**
 * Whether none of them was let in. An end without an answer counts only where the program still starts with the right key: it
 * may have ended over a port or a lock.
 */
export async function judgeRefused(target: StdioTarget, starts: readonly Start[]): Promise<CheckResult> {
  const inside = starts.filter(({ attempt }) => isAccepted(attempt));
  if (inside.length > 0) return fail(`let in with ${listNames(inside.map(({ presented }) => presented))}`);
  if (target.greeting === null) return untestable(NOT_LET_IN);
  const silent = starts.find((start) => isSilent(start));
  if (silent !== undefined) return untestable(`${silent.presented.name}: ${describe(silent, target)}`);
  if (starts.some(({ attempt }) => !isConversation(attempt))) {
    const { attempt } = await target.presentAgain(target.right);
    if (!isAccepted(attempt)) return untestable("your key is let in once and not again, so that an end proves nothing");
  }
  return pass(tell(target, starts));
}

/** What they came to, each said once. */
function tell(target: StdioTarget, starts: readonly Start[]): string {
  const seen = new Map<string, Presented[]>();
  for (const start of starts) {
    const observed = describe(start, target);
    seen.set(observed, [...(seen.get(observed) ?? []), start.presented]);
  }
  return [...seen].map(([observed, presented]) => `${observed} to ${listNames(presented)}`).join(", ");
}

export const NOT_LET_IN = "your key was not let in, so a refusal proves nothing";

/** What a start came to, in a few words. */
export function describe({ attempt, exit, lastLine }: Start, { redact }: StdioTarget): string {
  if (!isConversation(attempt)) {
    const said = redact(lastLine, 80);
    const end = exit === null ? redact(attempt.message) : describeExit(exit);
    return said === "" ? end : `${end} (${said})`;
  }
  const { error } = attempt.answer.reply ?? {};
  if (error === undefined) return "an answer that is not MCP";
  return `error ${String(error.code)} (${redact(error.message, 80)})`;
}
