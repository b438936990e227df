import { Command, Option } from "commander";
import { formatDuration, formatTime, parseDuration, parseExpiry } from "../../core/duration.ts";
import { DEFAULT_OVERLAP, DEFAULT_WINDOW, retiringOf, type Rotated } from "../../keys/rotate.ts";
import type { Key } from "../../core/key.ts";
import type { CommandModule, Context } from "../context.ts";
import { addDeliveryFlags, describeDelivery, openDelivery, type Delivery } from "../delivery.ts";
import { DESTINATION_NEEDS, type DestinationFlags } from "../destinations.ts";
import { expiryText, warnIfMinutes, warnIfShort } from "../expiry.ts";
import { keyJson, versionJson } from "../json.ts";
import { refuseUnused } from "../flags.ts";
import { keyLabel } from "../terminal/render.ts";
import { addProofFlags, openTokenProof, type ProofFlags } from "../token-proof.ts";

interface RotateFlags extends DestinationFlags, ProofFlags {
  readonly overlap: number;
  readonly expires?: string;
  readonly ifOlderThan?: number;
  readonly finish?: boolean;
  readonly abort?: boolean;
  readonly window: number;
}

/** Flags for a new version, which `--finish` and `--abort` do not issue. */
const ISSUING = [
  "out",
  "merge",
  "to",
  "verify",
  "verifyAll",
  "overlap",
  "expires",
  "ifOlderThan",
  "format",
  "envName",
] as const;

export const rotate: CommandModule = {
  examples: [
    "mcp-keys rotate ci                           # both tokens work for 24 hours",
    "mcp-keys rotate ci --if-older-than 30d --to 'gh secret set MCP_API_KEY'",
    "mcp-keys rotate ci --finish                  # retire the old token",
  ],
  build: (open) =>
    addDeliveryFlags(
      addProofFlags(
        new Command("rotate")
          .summary("replace the token of a key; the old token keeps working for a while")
          .description(
            "Adds a version, delivers its token, tries it with --verify, and only then starts to retire the old one. " +
              "If it is interrupted, run the same command again to finish.",
          )
          .argument("<key>", "name or id")
          .addOption(
            durationFlag(
              "--overlap <duration>",
              "how long both tokens work; 0s if the old one leaked",
              DEFAULT_OVERLAP,
            ),
          )
          .option("--expires <when>", "90d, 2027-03-01 or never (default: same lifetime as the current version)")
          .addOption(
            new Option(
              "--if-older-than <duration>",
              "do nothing if the current version is younger and no rotation is unfinished or was aborted",
            ).argParser(parseDuration),
          ),
      )
        .addOption(
          new Option("--finish", "retire the old token now, if it is out of use").conflicts(["abort", ...ISSUING]),
        )
        .addOption(new Option("--abort", "return to the old version").conflicts([...ISSUING]))
        .addOption(durationFlag("--window <duration>", "a token unused for this long is out of use", DEFAULT_WINDOW))
        .option("--force", "finish or abort even if a token is in use; replace an existing --out file"),
    ).action((ref: string, flags: RotateFlags, command: Command) => {
      refuseUnused(command, {
        ...DESTINATION_NEEDS,
        "verify verifyAll": ["patience", "header", "oldTokenEnv", "allowHttp"],
        "finish abort": ["window"],
      });
      if (flags.finish === true) return runFinish(open(), ref, flags);
      if (flags.abort === true) return runAbort(open(), ref, flags);
      return runRotate(open(), ref, flags);
    }),
};

async function runRotate(ctx: Context, ref: string, flags: RotateFlags): Promise<void> {
  const { io, world } = ctx;
  const expiresAt = flags.expires === undefined ? undefined : parseExpiry(flags.expires, world.now());
  const prove = await openTokenProof(ctx, ref, flags);
  warnIfMinutes(io, "--if-older-than", flags.ifOlderThan);
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
  reportRotation(ctx, rotated, delivery);
}

function reportRotation({ io, world }: Context, { key, version, retiring }: Rotated, delivery: Delivery): void {
  const now = world.now();
  io.note(
    `version ${String(version.n)} of ${keyLabel(key)} is current; ${expiryText(version.expiresAt, now)}; ${describeDelivery(delivery)}`,
  );
  warnIfShort(io, key.name, version.expiresAt, now);
  for (const { n, retiresAt, promotedAt } of retiring) {
    io.note(`version ${String(n)} works until ${retiresAt === undefined ? "it is retired" : formatTime(retiresAt)}`);
    if (promotedAt !== undefined) continue;
    io.note(
      `another run may have delivered its token; to end it now: mcp-keys revoke ${key.name} --version ${String(n)} --yes`,
    );
  }
  if (!key.enabled)
    io.warn(`${key.name} is disabled: servers refuse both tokens until you run: mcp-keys enable ${key.name}`);
  if (retiring.length > 0) io.next(`mcp-keys rotate ${key.name} --finish`);
}

function document({ world }: Context, { key, version, changed, retiring }: Rotated): Record<string, unknown> {
  const last = retiring.at(-1);
  return {
    key: keyJson(key, world.now()),
    version: versionJson(version, world.now()),
    changed,
    retiring: last?.retiresAt === undefined ? null : { n: last.n, until: formatTime(last.retiresAt) },
  };
}

async function runFinish(ctx: Context, ref: string, flags: RotateFlags): Promise<void> {
  const { key, changed } = await (await ctx.keys()).finish(ref, { window: flags.window, force: flags.force === true });
  await reportEnd(
    ctx,
    key,
    changed,
    changed ? "only the current version is valid now" : "there was no old version to retire",
  );
}

async function runAbort(ctx: Context, ref: string, flags: RotateFlags): Promise<void> {
  const { key, changed } = await (await ctx.keys()).abort(ref, { window: flags.window, force: flags.force === true });
  const back = key.versions.findLast(({ state }) => state === "current");
  await reportEnd(ctx, key, changed, `version ${String(back?.n)} is current again`);
}

async function reportEnd({ io, flags, world }: Context, key: Key, changed: boolean, outcome: string): Promise<void> {
  if (flags.json) await io.json({ key: keyJson(key, world.now()), changed });
  io.note(`${keyLabel(key)}: ${outcome}`);
}

function durationFlag(flag: string, description: string, seconds: number): Option {
  return new Option(flag, description).default(seconds, formatDuration(seconds)).argParser(parseDuration);
}
