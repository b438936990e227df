import type { Key } from "../../core/key.ts";
import type { Context } from "../context.ts";
import { keyJson } from "../json.ts";
import { keyLabel } from "../terminal/render.ts";
import type { RotateFlags } from "./flags.ts";
import { proveEnd } from "./end-proof.ts";
import { notePublished, openPublish, type Publish } from "./publish.ts";

/** Runs `rotate <key> --finish`: ends the overlap. */
export async function runFinish(ctx: Context, ref: string, flags: RotateFlags): Promise<void> {
  const publish = await openPublish(ctx, flags);
  const proof = await proveEnd(ctx, ref, flags);
  // The servers that this run publishes to count from now on.
  if (publish !== undefined) await notePublished(ctx);
  const { window, force = false } = flags;
  const { key, changed } = await (
    await ctx.keys()
  ).finish(ref, { window, force, ...(proof !== undefined && { proof }) });
  await reportEnd(
    ctx,
    { key, changed, publish },
    changed ? "only the current version is valid now" : "there was no old version to retire",
  );
}

/** Runs `rotate <key> --abort`: returns to the old version. */
export async function runAbort(ctx: Context, ref: string, flags: RotateFlags): Promise<void> {
  const publish = await openPublish(ctx, flags);
  const { key, changed } = await (await ctx.keys()).abort(ref, { window: flags.window, force: flags.force === true });
  const back = key.versions.findLast(({ state }) => state === "current");
  await reportEnd(
    ctx,
    { key, changed, publish },
    `version ${String(back?.n)} is current ${changed ? "again" : "already"}`,
  );
}

/** Publishes even if nothing changed, because an earlier run may have been killed before it did. */
async function reportEnd(
  { io, flags, world }: Context,
  { key, changed, publish }: { key: Key; changed: boolean; publish: Publish },
  outcome: string,
): Promise<void> {
  const note = (): void => io.note(`${keyLabel(key)}: ${outcome}`);
  await publish?.().catch((error: unknown) => {
    note();
    throw error;
  });
  if (flags.json) await io.json({ key: keyJson(key, world.now()), changed });
  note();
}
