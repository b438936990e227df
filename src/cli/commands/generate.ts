import { Command } from "commander";
import { formatPosition } from "../../core/position.ts";
import type { Issued } from "../../keys/deliver.ts";
import type { Confirmation } from "../../keys/wait-for-servers.ts";
import type { CommandModule, Context } from "../context.ts";
import { addDeliveryFlags, describeDelivery, openDelivery } from "../delivery.ts";
import { DESTINATION_NEEDS, type DestinationFlags } from "../destinations.ts";
import { expiryText, warnIfShort } from "../expiry.ts";
import { keyJson, versionJson } from "../json.ts";
import { keyLabel } from "../terminal/render.ts";
import { refuseUnused } from "../flags.ts";
import { addKeyFlags, readKeySettings, warnIfMemory, type KeyFlags } from "../new-key.ts";
import {
  addWaitFlags,
  confirmedJson,
  openWait,
  reportConfirmation,
  requireConfirmed,
  type WaitFlags,
} from "../wait.ts";

interface GenerateFlags extends DestinationFlags, KeyFlags, WaitFlags {
  readonly prefix: string;
  readonly replace?: boolean;
}

export const generate: CommandModule = {
  examples: [
    "mcp-keys generate ci                                     # valid for 90 days; prints the token",
    "mcp-keys generate ci --out ./ci.key --expires 30d        # to a file that only you can read",
    "mcp-keys generate reader --scope notes:read --format shell",
  ],
  build: (open) =>
    addDeliveryFlags(
      addKeyFlags(
        addWaitFlags(new Command("generate"))
          .description(
            "Issues a key and prints its token. The token is shown only once: the store keeps its digest. " +
              "If delivery failed, run the same command again.",
          )
          .argument("[name]", "name of the key, for example ci (default: `default`)")
          .option("--prefix <prefix>", "start of the token", "mcp"),
      )
        .option("--replace", "take over the name of a revoked key")
        .option("--force", "replace an existing --out file"),
    ).action((name: string | undefined, flags: GenerateFlags, command: Command) => {
      refuseUnused(command, DESTINATION_NEEDS);
      return runGenerate(open(), name, flags);
    }),
};

async function runGenerate(ctx: Context, given: string | undefined, flags: GenerateFlags): Promise<void> {
  const { io, world } = ctx;
  const input = {
    ...(await readKeySettings(ctx, given, flags)),
    prefix: flags.prefix,
    replace: flags.replace === true,
  };
  const keys = await ctx.keys();
  const delivery = await openDelivery(ctx, flags);
  const wait = await openWait(ctx, flags);
  let confirmation: Confirmation | null | undefined;
  const document = (issued: Omit<Issued, "token">) => ({
    key: keyJson(issued.key, world.now()),
    version: versionJson(issued.version, world.now()),
    position: formatPosition(issued.position),
    ...confirmedJson(confirmation),
  });
  const issued = await keys.generate({
    ...input,
    ...(wait !== undefined && {
      wait: async (position) => void (confirmation = await requireConfirmed(wait, position)),
    }),
    deliver: (each) => delivery.deliver(each, () => document(each)),
  });
  const { key, version } = issued;
  if (delivery.to !== null && ctx.flags.json) await io.json({ ...document(issued), delivered: delivery.to });
  io.note(`issued ${keyLabel(key)}; ${expiryText(version.expiresAt, world.now())}; ${describeDelivery(delivery)}`);
  await reportConfirmation(ctx, confirmation);
  await warnIfMemory(ctx);
  warnIfShort(io, key.name, version.expiresAt, world.now());
  io.next(`mcp-keys verify https://your-server/mcp`);
}
