import { connect } from "../connect.ts";
import type { Context } from "../context.ts";
import type { RotateFlags } from "./flags.ts";
import { interruptedIn } from "./interrupted.ts";
import { confirmedJson, reportConfirmation } from "../wait.ts";
import { openRotation } from "./open.ts";
import { describeUnchanged, reportRotation, rotationJson } from "./report.ts";
import { reportChanges, reportSteps } from "./steps.ts";

/** Milliseconds after Ctrl-C for the steps to end. */
const REPORT_LIMIT = 1_000;

/** Runs `rotate <key>`: adds a version, delivers its token, and makes it current. */
export async function runRotate(ctx: Context, ref: string, flags: RotateFlags): Promise<void> {
  const { io, world } = ctx;
  const { options, delivery, wait } = await openRotation(ctx, ref, flags);
  const steps: string[] = [];
  const report = (step: string): void => {
    steps.push(step);
    showStep(ctx, step);
  };
  const keys = await connect(await reportChanges(await ctx.store(), report), world);
  const running = keys.rotate(ref, reportSteps(options, flags, { delivery, report }));
  // After Ctrl-C, the message says what the interrupted step leaves.
  ctx.atEnd(() => running.then(ignore, ignore), REPORT_LIMIT);
  const rotated = await running.catch((error: unknown) => {
    throw world.interrupted.aborted ? interruptedIn(steps, error) : error;
  });
  const { changed } = rotated;
  // Servers refuse the old token only once they know about the end of the rotation.
  const confirmation = world.interrupted.aborted ? undefined : await wait?.(rotated.position);
  if (ctx.flags.json && (delivery.to !== null || !changed)) {
    const document = { ...rotationJson(ctx, rotated, flags), ...confirmedJson(confirmation) };
    await io.json({ ...document, ...(changed && { delivered: delivery.to }) });
  }
  if (!changed) io.note(describeUnchanged(rotated, flags));
  else reportRotation(ctx, rotated, { delivery, overlap: flags.overlap });
  if (world.interrupted.aborted) throw interruptedIn(steps, null);
  await reportConfirmation(ctx, confirmation);
}

/** Shows progress at a terminal. */
function showStep({ io, flags, world }: Context, step: string): void {
  if (world.streams.stderr.isTerminal && !flags.verbose) io.note(step);
  else io.debug(step);
}

const ignore = (): void => undefined;
