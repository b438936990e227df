import { formatDuration, parseExpiry } from "../../core/duration.ts";
import { KeysError } from "../../errors.ts";
import type { Issued } from "../../keys/deliver.ts";
import { retiringOf, type Rotated } from "../../keys/rotate.ts";
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
  refuseLostToken(flags);
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
    ...(flags.runId !== undefined && { runId: flags.runId }),
    ...(publish !== undefined && { publish: () => publish(delivered !== undefined) }),
    // A server that learns about tokens from a keyset can try one before anyone has it.
    ...(prove !== undefined && publish !== undefined && { proveEarly: prove }),
    deliver: async (issued) => {
      await delivery.deliver(issued, () =>
        rotationJson(ctx, { ...issued, changed: true, retiring: retiringOf(issued.key, world.now()) }, flags),
      );
      delivered = issued;
    },
    ...(deploy !== undefined && { deploy: () => deploy(delivered === undefined ? {} : variablesOf(delivered)) }),
    ...(prove !== undefined && { prove: (token) => prove(token, true) }),
  });
  const { key, changed } = rotated;
  if (ctx.flags.json && (delivery.to !== null || !changed)) {
    await io.json({ ...rotationJson(ctx, rotated, flags), ...(changed && { delivered: delivery.to }) });
  }
  if (!changed) {
    io.note(`nothing to do: version ${String(rotated.version.n)} of ${keyLabel(key)} ${whyDone(rotated, flags)}`);
    return;
  }
  reportRotation(ctx, rotated, delivery);
}

/** @throws {@link KeysError} `USAGE` */
function refuseLostToken({ runId, to, out }: RotateFlags): void {
  if (runId === undefined || to !== undefined || out !== undefined) return;
  throw new KeysError("USAGE", "--run-id needs --out or --to: the same run again could not print its token", {
    hint: "deliver it with --to 'command', or remove --run-id",
  });
}

function whyDone({ version }: Rotated, { runId, ifOlderThan = 0 }: RotateFlags): string {
  if (runId !== undefined && version.runId === runId) return `was made current by run ${runId}, which is done`;
  return `is younger than ${formatDuration(ifOlderThan)}`;
}
