import { parseExpiry } from "../../core/duration.ts";
import { KeysError } from "../../errors.ts";
import type { Issued } from "../../keys/deliver.ts";
import { retiringOf, type RotateOptions } from "../../keys/rotate.ts";
import type { Context } from "../context.ts";
import { openDelivery, variablesOf, type Delivery } from "../delivery.ts";
import { warnIfMinutes } from "../expiry.ts";
import type { Confirmation } from "../../keys/wait-for-servers.ts";
import { openTokenProof } from "../token-proof.ts";
import { confirmedJson, openWait, requireConfirmed, type Wait } from "../wait.ts";
import { openDeploy } from "./deploy.ts";
import type { RotateFlags } from "./flags.ts";
import { openPublish } from "./publish.ts";
import { rotationJson } from "./report.ts";

/** A rotation whose flags were checked and whose destinations are open. */
export interface OpenRotation {
  readonly options: RotateOptions;
  readonly delivery: Delivery;
  readonly wait: Wait | undefined;
}

/**
 * Checks the flags of a rotation and opens what its steps need. Changes nothing.
 * @throws {@link KeysError} `USAGE`, and what a step throws if it cannot be opened
 */
export async function openRotation(ctx: Context, ref: string, flags: RotateFlags): Promise<OpenRotation> {
  const { io, world } = ctx;
  refuseLostToken(flags);
  const expiresAt = flags.expires === undefined ? undefined : parseExpiry(flags.expires, world.now());
  const prove = await openTokenProof(ctx, ref, flags);
  warnIfMinutes(io, "--if-older-than", flags.ifOlderThan);
  // A store that cannot be opened fails before a command is tried.
  await ctx.keys();
  const publish = await openPublish(ctx, flags);
  const deploy = await openDeploy(ctx, flags);
  const delivery = await openDelivery(ctx, flags);
  const wait = await openWait(ctx, flags);
  let confirmation: Confirmation | null | undefined;
  let delivered: Issued | undefined;
  const options: RotateOptions = {
    overlap: flags.overlap,
    ...(expiresAt !== undefined && { expiresAt }),
    ...(flags.ifOlderThan !== undefined && { ifOlderThan: flags.ifOlderThan }),
    ...(flags.runId !== undefined && { runId: flags.runId }),
    ...(publish !== undefined && { publish: () => publish(delivered !== undefined) }),
    ...(wait !== undefined && {
      wait: async (position) => void (confirmation = await requireConfirmed(wait, position)),
    }),
    // A server that learns about tokens from a keyset can try one before anyone has it.
    ...(prove !== undefined && publish !== undefined && { proveEarly: prove }),
    deliver: async (issued) => {
      await delivery.deliver(issued, () => {
        const rotated = { ...issued, changed: true, retiring: retiringOf(issued.key, world.now()) };
        return { ...rotationJson(ctx, rotated, flags), ...confirmedJson(confirmation) };
      });
      delivered = issued;
    },
    ...(deploy !== undefined && { deploy: () => deploy(delivered === undefined ? {} : variablesOf(delivered)) }),
    ...(prove !== undefined && { prove: (token) => prove(token, true) }),
  };
  return { options, delivery, wait };
}

/** @throws {@link KeysError} `USAGE` */
function refuseLostToken({ runId, to, out }: RotateFlags): void {
  if (runId === undefined || to !== undefined || out !== undefined) return;
  throw new KeysError("USAGE", "--run-id needs --out or --to: the same run again could not print its token", {
    hint: "deliver it with --to 'command', or remove --run-id",
  });
}
