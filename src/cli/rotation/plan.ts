import { connect } from "../connect.ts";
import type { Context } from "../context.ts";
import { keyJson } from "../json.ts";
import { keyLabel } from "../terminal/render.ts";
import type { RotateFlags } from "./flags.ts";
import { openRotation } from "./open.ts";
import { describeUnchanged } from "./report.ts";
import { reportChanges, reportSteps } from "./steps.ts";

/**
 * Runs `rotate <key> --plan`: prints the steps of the rotation and changes nothing. It is the rotation itself, on a store that keeps its
 * writes to itself and with steps that do nothing, so the plan cannot differ from the run.
 */
export async function runPlan(ctx: Context, ref: string, flags: RotateFlags): Promise<void> {
  const { io, world } = ctx;
  const { options, delivery } = await openRotation(ctx, ref, flags);
  const { rehearse } = await import("../lazy/keys.ts");
  const steps: string[] = [];
  const report = (step: string): void => void steps.push(step);
  const keys = await connect(await reportChanges(rehearse(await ctx.store()), report), world);
  const nothing = async (): Promise<void> => undefined;
  const { publish, wait, proveEarly, deploy, prove } = options;
  const idle = {
    ...options,
    ...(publish !== undefined && { publish: nothing }),
    ...(wait !== undefined && { wait: nothing }),
    ...(proveEarly !== undefined && { proveEarly: nothing }),
    deliver: nothing,
    ...(deploy !== undefined && { deploy: nothing }),
    ...(prove !== undefined && { prove: nothing }),
  };
  const rotated = await keys.rotate(ref, reportSteps(idle, flags, { delivery, report }));
  if (!rotated.changed) io.note(describeUnchanged(rotated, flags));
  // The rehearsal has changed the key, the store has not.
  const key = await (await ctx.keys()).get(rotated.key.id, { digests: false });
  if (ctx.flags.json) {
    await io.json({ key: keyJson(key, world.now()), steps });
    return;
  }
  await io.print(`${keyLabel(key)}\n${steps.map((step, i) => `${String(i + 1)}. ${step}\n`).join("")}`);
  io.note("nothing was changed");
}
