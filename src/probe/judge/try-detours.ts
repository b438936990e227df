import { count } from "../../core/count.ts";
import { isLetIn } from "../verify/attempt.ts";
import { holds, untestable, type Cost, type Sight } from "../check.ts";
import { NOTHING } from "../mcp/credentials.ts";
import { findOpen, judgeShut } from "./judge-refused.ts";
import type { Site } from "../target/target.ts";
import type { Detour } from "../mcp/wire.ts";

/** The most {@link tryDetours} sends. */
export function costOfDetours(count: number): Cost {
  return { requests: 2 * count, wrong: count };
}

/** Whether nobody comes in without a key by those of the detours that lead to MCP at all, which the right key finds out. */
export async function tryDetours(site: Site, detours: readonly Detour[]): Promise<Sight> {
  if ((await findOpen(site, [NOTHING])) !== null) return untestable("anybody is let in already, without a detour");
  const reached = await Promise.all(detours.map(async (detour) => isLetIn(await site.ask(site.right, { detour }))));
  const ways = detours.filter((_, i) => reached[i] === true);
  if (ways.length === 0 && !(await site.isStillIn())) return untestable("your key is let in once and not again");
  if (ways.length === 0) return holds(`by none of ${count(detours.length, "way")} MCP answers, not even to your key`);
  const trials = ways.map(async (detour) => {
    const credentials = { ...NOTHING, name: `no key at ${detour.name}` };
    return { credentials, attempt: await site.ask(credentials, { detour }) };
  });
  return judgeShut(site, await Promise.all(trials));
}
