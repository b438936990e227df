import { formatDuration, parseExpiry } from "../../core/duration.ts";
import type { Issued } from "../../keys/deliver.ts";
import { retiringOf } from "../../keys/rotate.ts";
import type { Context } from "../context.ts";
import { openDelivery, variablesOf } from "../delivery.ts";
import { warnIfMinutes } from "../expiry.ts";
import { keyLabel } from "../terminal/render.ts";
import { openTokenProof } from "../token-proof.ts";
import { openDeploy } from "./deploy.ts";
import type { RotateFlags } from "./flags.ts";
import { openPublish } from "./publish.ts";
import { reportRotation, rotationJson } from "./report.ts";

/** Runs `rotate <key>`: adds a version, delivers its token, and makes it current. */
export async function runRotate(ctx: Context, ref: string, flags: RotateFlags): Promise<void> {
  const { io, world } = ctx;
  const expiresAt = flags.expires === undefined ? undefined : parseExpiry(flags.expires, world.now());
  const prove = await openTokenProof(ctx, ref, flags);
  warnIfMinutes(io, "--if-older-than", flags.ifOlderThan);
  const keys = await ctx.keys();
  const publish = await openPublish(ctx, flags);
  const deploy = await openDeploy(ctx, flags);
  const delivery = await openDelivery(ctx, flags);
  let delivered: Issued | undefined;
  const rotated = await keys.rotate(ref, {
    overlap: flags.overlap,
    ...(expiresAt !== undefined && { expiresAt }),
    ...(flags.ifOlderThan !== undefined && { ifOlderThan: flags.ifOlderThan }),
    ...(publish !== undefined && { publish: () => publish(delivered !== undefined) }),
    // A server that learns about tokens from a keyset can try one before anyone has it.
    ...(prove !== undefined && publish !== undefined && { proveEarly: prove }),
    deliver: async (issued) => {
      await delivery.deliver(issued, () =>
        rotationJson(ctx, { ...issued, changed: true, retiring: retiringOf(issued.key, world.now()) }),
      );
      delivered = issued;
    },
    ...(deploy !== undefined && { deploy: () => deploy(delivered === undefined ? {} : variablesOf(delivered)) }),
    ...(prove !== undefined && { prove: (token) => prove(token, true) }),
  });
  const { key, changed } = rotated;
  if (ctx.flags.json && (delivery.to !== null || !changed)) {
    await io.json({ ...rotationJson(ctx, rotated), ...(changed && { delivered: delivery.to }) });
  }
  if (!changed) {
    io.note(
      `nothing to do: version ${String(rotated.version.n)} of ${keyLabel(key)} is younger than ${formatDuration(flags.ifOlderThan ?? 0)}`,
    );
    return;
  }
  reportRotation(ctx, rotated, delivery);
}
