import { isConversation, isLetIn } from "../verify/attempt.ts";
import { breaks, holds, untestable, type Sight } from "../check.ts";
import { nameAll } from "../judge/judge-refused.ts";
import { describeExit } from "./lines.ts";
import type { StdioSite } from "./target.ts";
import { isSilent, type Presented, type Start } from "./start.ts";

/** Starts the program with each of them, one after the other. */
export async function presentEach(site: StdioSite, each: readonly Presented[]): Promise<Start[]> {
  const starts: Start[] = [];
  for (const presented of each) starts.push(await site.present(presented));
  return starts;
}

/**
 * Whether none of them was let in. An end without an answer counts only where the program still starts with the right key: it
 * may have ended over a port or a lock.
 */
export async function judgeShut(site: StdioSite, starts: readonly Start[]): Promise<Sight> {
  const inside = starts.filter(({ attempt }) => isLetIn(attempt));
  if (inside.length > 0) return breaks(`let in with ${nameAll(inside.map(({ presented }) => presented))}`);
  if (site.greeting === null) return untestable(NOT_LET_IN);
  const silent = starts.find((start) => isSilent(start));
  if (silent !== undefined) return untestable(`${silent.presented.name}: ${describe(silent, site)}`);
  if (starts.some(({ attempt }) => !isConversation(attempt))) {
    const { attempt } = await site.presentAgain(site.right);
    if (!isLetIn(attempt)) return untestable("your key is let in once and not again, so that an end proves nothing");
  }
  return holds(tell(site, starts));
}

/** What they came to, each said once. */
function tell(site: StdioSite, starts: readonly Start[]): string {
  const seen = new Map<string, Presented[]>();
  for (const start of starts) {
    const saw = describe(start, site);
    seen.set(saw, [...(seen.get(saw) ?? []), start.presented]);
  }
  return [...seen].map(([saw, presented]) => `${saw} to ${nameAll(presented)}`).join(", ");
}

export const NOT_LET_IN = "your key was not let in, so a refusal proves nothing";

/** What a start came to, in a few words. */
export function describe({ attempt, exit, lastLine }: Start, { clean }: StdioSite): string {
  if (!isConversation(attempt)) {
    const said = clean(lastLine, 80);
    const end = exit === null ? clean(attempt.message) : describeExit(exit);
    return said === "" ? end : `${end} (${said})`;
  }
  const { error } = attempt.answer.reply ?? {};
  if (error === undefined) return "an answer that is not MCP";
  return `error ${String(error.code)} (${clean(error.message, 80)})`;
}
