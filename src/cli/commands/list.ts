import { Command, Option } from "commander";
import { formatTime, parseDuration } from "../../core/duration.ts";
import { endOf, isUsable } from "../../core/judge.ts";
import type { Epoch, Key, Status } from "../../core/key.ts";
import { EXPIRING_WITHIN, keyStatus, lastUsedAt } from "../../core/status.ts";
import type { CommandModule, Context } from "../context.ts";
import { keyJson } from "../json.ts";
import { renderTable } from "../terminal/render.ts";
import { parseTag } from "../flags.ts";

const STATUSES = ["active", "expiring", "expired", "disabled", "revoked"] as const satisfies Status[];

interface ListFlags {
  readonly status?: Status[];
  readonly tag?: string[];
  readonly expiring?: number;
}

export const list: CommandModule = {
  examples: [
    "mcp-keys list",
    "mcp-keys list --expiring 30d          # keys to rotate soon",
    "mcp-keys list --status active --tag team=payments --json",
  ],
  build: (open) =>
    new Command("list")
      .summary("list the keys, newest first")
      .description("Lists the keys, newest first, with their current status. Never shows a token or a digest.")
      .addOption(new Option("--status <status...>", "only keys with one of these statuses").choices(STATUSES))
      .option("--tag <name=value...>", "only keys with all of these tags")
      .addOption(new Option("--expiring <duration>", "only keys that expire within this time").argParser(parseDuration))
      .action((flags: ListFlags) => runList(open(), flags)),
};

async function runList(ctx: Context, flags: ListFlags): Promise<void> {
  const { io, paint, world } = ctx;
  const now = world.now();
  const store = await ctx.store();
  const tags = (flags.tag ?? []).map(parseTag);
  const all = await store.list({ digests: false });
  const keys = all
    .filter((key) => tags.every(([name, value]) => key.tags[name] === value))
    .filter((key) => flags.status?.includes(keyStatus(key, now)) ?? true)
    .filter((key) => flags.expiring === undefined || keyStatus(key, now, flags.expiring) === "expiring")
    .sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1));
  if (ctx.flags.json) {
    await io.json({ store: store.spec, keys: keys.map((key) => keyJson(key, now)) });
    return;
  }
  if (keys.length === 0) {
    io.note(all.length === 0 ? `no keys in ${store.spec}` : `no matching keys in ${store.spec}`);
    if (all.length === 0) io.next("mcp-keys generate ci");
    return;
  }
  const rows = keys.map((key) => [
    { text: key.name, paint: (text: string) => paint.bold(text) },
    { text: key.id },
    { text: keyStatus(key, now), paint: () => paint.status(keyStatus(key, now, EXPIRING_WITHIN)) },
    { text: endText(key, now) },
    { text: dateText(lastUsedAt(key)) },
    { text: key.scopes.join(" ") || "-" },
  ]);
  await io.print(renderTable(paint, ["NAME", "ID", "STATUS", "EXPIRES", "LAST USED", "SCOPES"], rows));
}

/** Returns the day the last valid version expires. */
function endText(key: Key, now: Epoch): string {
  const usable = key.versions.filter((version) => isUsable(version, now));
  if (usable.length === 0) return "-";
  const end = Math.max(...usable.map(endOf));
  return end === Infinity ? "never" : dateText(end);
}

function dateText(at: Epoch | null): string {
  return at === null ? "-" : formatTime(at).slice(0, 10);
}
