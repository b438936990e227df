import type { Updated } from "../../keys/update.ts";
import type { Context } from "../context.ts";
import { reportChange } from "../report-change.ts";
import { keyLabel } from "../terminal/render.ts";
import { openWait, type Wait } from "../wait.ts";
import type { RotateFlags } from "./flags.ts";
import { proveEnd } from "./end-proof.ts";
import { notePublished, openPublish, type Publish } from "./publish.ts";

/** Runs `rotate <key> --finish`: ends the overlap. */
export async function runFinish(ctx: Context, ref: string, flags: RotateFlags): Promise<void> {
  const publish = await openPublish(ctx, flags);
  const wait = await openWait(ctx, flags);
  const proof = await proveEnd(ctx, ref, flags);
  // The servers that this run publishes to count from now on.
  if (publish !== undefined) await notePublished(ctx);
  const { window, force = false } = flags;
  const updated = await (await ctx.keys()).finish(ref, { window, force, ...(proof !== undefined && { proof }) });
  await reportEnd(
    ctx,
    { updated, publish, wait },
    updated.changed ? "only the current version is valid now" : "there was no old version to retire",
  );
}

/** Runs `rotate <key> --abort`: returns to the old version. */
export async function runAbort(ctx: Context, ref: string, flags: RotateFlags): Promise<void> {
  const publish = await openPublish(ctx, flags);
  const wait = await openWait(ctx, flags);
  const updated = await (await ctx.keys()).abort(ref, { window: flags.window, force: flags.force === true });
  const back = updated.key.versions.findLast(({ state }) => state === "current");
  await reportEnd(
    ctx,
    { updated, publish, wait },
    `version ${String(back?.n)} is current ${updated.changed ? "again" : "already"}`,
  );
}

/** Publishes even if nothing changed, because an earlier run may have been killed before it did. */
async function reportEnd(
  ctx: Context,
  { updated, publish, wait }: { updated: Updated; publish: Publish; wait: Wait | undefined },
  outcome: string,
): Promise<void> {
  const note = (): void => ctx.io.note(`${keyLabel(updated.key)}: ${outcome}`);
  await publish?.().catch((error: unknown) => {
    note();
    throw error;
  });
  await reportChange(ctx, updated, { wait, say: note });
}
