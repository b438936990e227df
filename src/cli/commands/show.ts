import { Command } from "commander";
import { formatTime } from "../../core/duration.ts";
import { usesOf } from "../../core/evidence.ts";
import type { Epoch, Key, Version } from "../../core/key.ts";
import { keyStatus, stateAt } from "../../core/status.ts";
import { KeysError } from "../../errors.ts";
import type { CommandModule, Context } from "../context.ts";
import { lastDay } from "../expiry.ts";
import { keyJson } from "../json.ts";
import { askInOrder } from "../readers.ts";
import { evidenceText } from "../rotation/evidence-text.ts";
import { renderFields, renderTable } from "../terminal/render.ts";
import { lineWidth } from "../terminal/text-width.ts";
import { warnIfWeak } from "../weak.ts";

export const show: CommandModule = {
  examples: ["mcp-keys show ci", "mcp-keys show ci --json"],
  build: (open) =>
    new Command("show")
      .description("Shows a key and the state of each of its versions. Never shows a token or a digest.")
      .argument("<key>", "name or id")
      .action((ref: string) => runShow(open(), ref)),
};

async function runShow(given: Context, ref: string): Promise<void> {
  const answer = await askInOrder(given, (store) => store.get(ref, { digests: false }));
  // Without a key, the first store says so.
  const key = answer?.value ?? (await requireKey(given, ref));
  const { ctx, named } = answer ?? { ctx: given, named: {} };
  const { io, paint, world } = ctx;
  const now = world.now();
  if (ctx.flags.json) {
    const usage = await (await ctx.store()).usage();
    const uses = usesOf(key, usage).map(({ n, server, at }) => ({ version: n, server, lastUsedAt: formatTime(at) }));
    await io.json({ ...named, key: keyJson(key, now), uses });
    return;
  }
  const width = lineWidth(world.streams.stdout);
  const tags = Object.entries(key.tags).map(([name, value]) => `${name}=${value}`);
  const fields = renderFields(
    paint,
    [
      ["name", paint.bold(key.name)],
      named.store === undefined ? null : ["store", named.store],
      ["id", key.id],
      ["status", paint.status(keyStatus(key, now))],
      ["prefix", key.prefix],
      ["scopes", key.scopes.join(" ") || "-"],
      ["audience", key.audience.join(" ") || "any"],
      key.owner === undefined ? null : ["owner", key.owner],
      key.note === undefined ? null : ["note", key.note],
      tags.length === 0 ? null : ["tags", tags.join(" ")],
      ["expires", lastDay(key, now)],
      ["created", `${formatTime(key.createdAt)} by ${key.createdBy}`],
    ],
    width,
  );
  const hasRuns = key.versions.some(({ runId }) => runId !== undefined);
  const rows = key.versions.map((version) => [
    { text: String(version.n) },
    { text: `${stateText(version, now)}${version.weak === true ? ", weak" : ""}` },
    { text: formatTime(version.createdAt) },
    { text: version.expiresAt === null ? "never" : formatTime(version.expiresAt) },
    { text: usedText(version.lastUsedAt, now) },
    ...(hasRuns ? [{ text: version.runId ?? "-" }] : []),
  ]);
  const columns = ["VERSION", "STATE", "CREATED", "EXPIRES", "LAST USED", ...(hasRuns ? ["RUN"] : [])];
  await io.print(`${fields}\n${renderTable(paint, columns, rows, width)}`);
  warnIfWeak(ctx, [key]);
  // During a rotation, the question is who still uses the old token.
  const evidence = await evidenceText(ctx, key);
  if (evidence !== "") await io.print(evidence);
}

async function requireKey(ctx: Context, ref: string): Promise<Key> {
  const [first] = ctx.readers();
  if (first === undefined) throw new KeysError("BUG", "no store was chosen");
  const { keys } = await first.open();
  return (await keys()).get(ref, { digests: false });
}

function stateText(version: Version, now: Epoch): string {
  const { retiresAt, reason } = version;
  const state = stateAt(version, now);
  if (state === "retiring" && retiresAt !== undefined) return `retiring until ${formatTime(retiresAt)}`;
  if (state === "revoked" && reason !== undefined) return `revoked (${reason})`;
  return state;
}

function usedText(at: Epoch | null, now: Epoch): string {
  if (at === null) return "never";
  return at > now ? `${formatTime(at)} (in the future)` : formatTime(at);
}
