import { Command, Option } from "commander";
import { formatDuration, formatTime, parseDuration, parseExpiry } from "../../core/duration.ts";
import { DEFAULT_OVERLAP, DEFAULT_WINDOW, retiringOf, type Rotated } from "../../keys/rotate.ts";
import type { Key } from "../../core/key.ts";
import type { CommandModule, Context } from "../context.ts";
import { addDeliveryFlags, openDelivery, type DeliveryFlags } from "../delivery.ts";
import { keyJson, versionJson } from "../json.ts";
import { openProof } from "../prove.ts";
import { keyLabel } from "../terminal/render.ts";

interface RotateFlags extends DeliveryFlags {
  readonly overlap: number;
  readonly expires?: string;
  readonly ifOlderThan?: number;
  readonly verify?: string;
  readonly patience: number;
  readonly allowHttp?: boolean;
  readonly finish?: boolean;
  readonly abort?: boolean;
  readonly window: number;
}

export const rotate: CommandModule = {
  examples: [
    "mcp-keys rotate ci                           # both tokens work for a day",
    "mcp-keys rotate ci --if-older-than 30d --to 'gh secret set MCP_API_KEY'",
    "mcp-keys rotate ci --finish                  # end the overlap, when the new token is in use",
  ],
  build: (open) =>
    addDeliveryFlags(
      new Command("rotate")
        .summary("replace a key's secret; the old one works a while longer")
        .description(
          "Adds a version, delivers its token, proves it with --verify, and only then lets the old one retire. Killed at any " +
            "point, the same command completes it.",
        )
        .argument("<key>", "name or id")
        .addOption(durationFlag("--overlap <duration>", "both tokens work; 0s when it leaked", DEFAULT_OVERLAP))
        .option("--expires <when>", "90d, 2027-03-01 or never (default: as long as the version before)")
        .addOption(
          new Option("--if-older-than <duration>", "do nothing while the version is younger").argParser(parseDuration),
        )
        .option("--verify <url>", "retire nothing before this server lets the new token in")
        .addOption(durationFlag("--patience <duration>", "how long --verify tries", 60))
        .option("--allow-http", "let --verify send the token over plain http")
        .addOption(
          new Option("--finish", "end the overlap now, when it is safe").conflicts(["abort", "out", "to", "verify"]),
        )
        .addOption(new Option("--abort", "go back to the old version").conflicts(["out", "to", "verify"]))
        .addOption(durationFlag("--window <duration>", "unused for so long counts as out of use", DEFAULT_WINDOW))
        .option("--force", "finish or abort without evidence; replace the file of --out"),
    ).action((ref: string, flags: RotateFlags) => {
      if (flags.finish === true) return runFinish(open(), ref, flags);
      if (flags.abort === true) return runAbort(open(), ref, flags);
      return runRotate(open(), ref, flags);
    }),
};

async function runRotate(ctx: Context, ref: string, flags: RotateFlags): Promise<void> {
  const { io, world } = ctx;
  const expiresAt = flags.expires === undefined ? undefined : parseExpiry(flags.expires, world.now());
  const prove = flags.verify === undefined ? undefined : await openProof(ctx, flags.verify, flags);
  const keys = await ctx.keys();
  const delivery = await openDelivery(ctx, flags);
  const rotated = await keys.rotate(ref, {
    overlap: flags.overlap,
    ...(expiresAt !== undefined && { expiresAt }),
    ...(flags.ifOlderThan !== undefined && { ifOlderThan: flags.ifOlderThan }),
    ...(prove !== undefined && { prove }),
    deliver: (issued) =>
      delivery.deliver(issued, () =>
        document(ctx, { ...issued, changed: true, retiring: retiringOf(issued.key, world.now()) }),
      ),
  });
  const { key, changed } = rotated;
  if (ctx.flags.json && (delivery.to !== null || !changed)) {
    await io.json({ ...document(ctx, rotated), ...(changed && { delivered: delivery.to }) });
  }
  if (!changed) {
    io.note(
      `nothing to do: version ${String(rotated.version.n)} of ${keyLabel(key)} is younger than ${formatDuration(flags.ifOlderThan ?? 0)}`,
    );
    return;
  }
  sayRotated(ctx, rotated, delivery.to);
}

function sayRotated({ io }: Context, { key, version, retiring }: Rotated, to: string | null): void {
  const delivered = to === null ? "the token is shown this once" : `delivered to ${to}`;
  io.note(`version ${String(version.n)} of ${keyLabel(key)} is current; ${delivered}`);
  for (const { n, retiresAt } of retiring) {
    io.note(`version ${String(n)} works until ${retiresAt === undefined ? "it is retired" : formatTime(retiresAt)}`);
  }
  if (!key.enabled) io.warn(`${key.name} is disabled; both tokens are refused until: mcp-keys enable ${key.name}`);
  if (retiring.length > 0) io.next(`mcp-keys rotate ${key.name} --finish`);
}

function document({ world }: Context, { key, version, changed, retiring }: Rotated): Record<string, unknown> {
  const last = retiring.at(-1);
  return {
    key: keyJson(key, world.now()),
    version: versionJson(version),
    changed,
    retiring: last?.retiresAt === undefined ? null : { n: last.n, until: formatTime(last.retiresAt) },
  };
}

async function runFinish(ctx: Context, ref: string, flags: RotateFlags): Promise<void> {
  const { key, changed } = await (await ctx.keys()).finish(ref, { window: flags.window, force: flags.force === true });
  await sayEnded(ctx, key, changed, changed ? "only the current version works now" : "no old version was left");
}

async function runAbort(ctx: Context, ref: string, flags: RotateFlags): Promise<void> {
  const { key, changed } = await (await ctx.keys()).abort(ref, { window: flags.window, force: flags.force === true });
  const back = key.versions.findLast(({ state }) => state === "current");
  await sayEnded(ctx, key, changed, `version ${String(back?.n)} is current again`);
}

async function sayEnded({ io, flags, world }: Context, key: Key, changed: boolean, what: string): Promise<void> {
  if (flags.json) await io.json({ key: keyJson(key, world.now()), changed });
  io.note(`${keyLabel(key)}: ${what}`);
}

function durationFlag(flag: string, description: string, seconds: number): Option {
  return new Option(flag, description).default(seconds, formatDuration(seconds)).argParser(parseDuration);
}
