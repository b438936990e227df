import { count } from "../../core/count.ts";
import { isAccepted } from "../verify/attempt.ts";
import { pass, untestable, type CheckResult } from "../check-result.ts";
import type { Cost } from "../cost.ts";
import { NOTHING } from "../mcp/credentials.ts";
import { findAccepted, judgeRefused } from "./judge-refused.ts";
import type { Target } from "../target/target.ts";
import type { Detour } from "../mcp/wire.ts";

/** The most {@link tryDetours} sends. */
export function costOfDetours(count: number): Cost {
  return { requests: 2 * count, wrong: count };
}

/** Whether nobody comes in without a key by those of the detours that lead to MCP at all, which the right key finds out. */
export async function tryDetours(target: Target, detours: readonly Detour[]): Promise<CheckResult> {
  if ((await findAccepted(target, [NOTHING])) !== null)
    return untestable("anybody is let in already, without a detour");
  const reached = await Promise.all(
    detours.map(async (detour) => isAccepted(await target.ask(target.right, { detour }))),
  );
  const ways = detours.filter((_, i) => reached[i] === true);
  if (ways.length === 0 && !(await target.isStillAccepted()))
    return untestable("your key is let in once and not again");
  if (ways.length === 0) return pass(`by none of ${count(detours.length, "way")} MCP answers, not even to your key`);
  const trials = ways.map(async (detour) => {
    const credentials = { ...NOTHING, name: `no key at ${detour.name}` };
    return { credentials, attempt: await target.ask(credentials, { detour }) };
  });
  return judgeRefused(target, await Promise.all(trials));
}
