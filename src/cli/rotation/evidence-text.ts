import { DEFAULT_WINDOW, describeEvidence } from "../../core/evidence.ts";
import { isUsable } from "../../core/judge.ts";
import type { Key } from "../../core/key.ts";
import type { Context } from "../context.ts";

/** Says which server saw which version of a key, a line each. Empty unless old and new tokens work at the same time. */
export async function evidenceText(ctx: Context, key: Key): Promise<string> {
  const now = ctx.world.now();
  const working = key.versions.filter((version) => isUsable(version, now));
  if (working.length < 2) return "";
  const usage = await (await ctx.store()).usage();
  const lines = describeEvidence(key, working, { now, window: DEFAULT_WINDOW, usage });
  return `\n${lines.map((line) => `${line}\n`).join("")}`;
}
