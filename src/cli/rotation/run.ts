import { connect } from "../connect.ts";
import type { Context } from "../context.ts";
import type { RotateFlags } from "./flags.ts";
import { openRotation } from "./open.ts";
import { describeUnchanged, reportRotation, rotationJson } from "./report.ts";
import { reportChanges, reportSteps } from "./steps.ts";

/** Runs `rotate <key>`: adds a version, delivers its token, and makes it current. */
export async function runRotate(ctx: Context, ref: string, flags: RotateFlags): Promise<void> {
  const { io, world } = ctx;
  const { options, delivery } = await openRotation(ctx, ref, flags);
  const report = (step: string): void => io.debug(step);
  const keys = await connect(await reportChanges(await ctx.store(), report), world);
  const rotated = await keys.rotate(ref, reportSteps(options, flags, { delivery, report }));
  const { changed } = rotated;
  if (ctx.flags.json && (delivery.to !== null || !changed)) {
    await io.json({ ...rotationJson(ctx, rotated, flags), ...(changed && { delivered: delivery.to }) });
  }
  if (!changed) io.note(describeUnchanged(rotated, flags));
  else reportRotation(ctx, rotated, delivery);
}
