import { count } from "../../core/count.ts";
import { pass, untestable, type CheckResult, type Cost } from "../check-result.ts";
import { NOTHING } from "../mcp/presented-key.ts";
import type { Detour } from "../mcp/wire.ts";
import type { Target } from "../target/target.ts";
import { isAccepted } from "../verify/attempt.ts";
import { findAccepted, judgeRefused } from "./judge-refused.ts";

/** Cost of {@link tryDetours}. */
export function costOfDetours(count: number): Cost {
  return { requests: 2 * count, wrong: count };
}

/** Judges whether the server requires a key on every detour. The valid key shows which detours lead to the MCP server at all. */
export async function tryDetours(target: Target, detours: readonly Detour[]): Promise<CheckResult> {
  if ((await findAccepted(target, [NOTHING])) !== null) return untestable("already accepted with no key");
  const reached = await Promise.all(
    detours.map(async (detour) => isAccepted(await target.ask(target.valid, { detour }))),
  );
  const open = detours.filter((_, i) => reached[i] === true);
  if (open.length === 0 && !(await target.isStillAccepted())) {
    return untestable("the server accepted your key only once");
  }
  if (open.length === 0) return pass(`none of ${count(detours.length, "variant")} leads to MCP, even with your key`);
  const trials = open.map(async (detour) => {
    const presented = { ...NOTHING, name: `no key at ${detour.name}` };
    return { presented, attempt: await target.ask(presented, { detour }) };
  });
  return judgeRefused(target, await Promise.all(trials));
}
