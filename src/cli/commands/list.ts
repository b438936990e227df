import { Command, Option } from "commander";
import { formatTime, parseDuration } from "../../core/duration.ts";
import type { Epoch, Key, Status } from "../../core/key.ts";
import { EXPIRING_WITHIN, keyStatus, lastUsedAt, weakVersion } from "../../core/status.ts";
import type { KeyStore } from "../../stores/store.ts";
import type { CommandModule, Context } from "../context.ts";
import { lastDay, warnIfMinutes } from "../expiry.ts";
import { keyJson } from "../json.ts";
import { renderTable, type Cell } from "../terminal/render.ts";
import { lineWidth } from "../terminal/text-width.ts";
import { warnIfWeak } from "../weak.ts";
import { choicesFlag, refuseUnused, tagFlag, tagsOf } from "../flags.ts";

const STATUSES = ["active", "expiring", "expired", "disabled", "revoked"] as const satisfies Status[];

interface ListFlags {
  readonly status?: Status[];
  readonly tag?: [name: string, value: string][];
  readonly expiring?: number;
  readonly exitCode?: boolean;
}

export const list: CommandModule = {
  examples: [
    "mcp-keys list",
    "mcp-keys list --expiring 30d          # keys to rotate soon",
    "mcp-keys list --status active --tag team=payments --json",
    "mcp-keys list --status expiring,expired --exit-code   # in CI: exit 5 if there is one",
  ],
  build: (open) =>
    new Command("list")
      .description("Lists the keys, newest first, with their current status. Never shows a token or a digest.")
      .addOption(choicesFlag("--status <status>", "only keys with one of these statuses", STATUSES))
      .addOption(tagFlag("only keys with all of these tags"))
      .addOption(new Option("--expiring <duration>", "only keys that expire within this time").argParser(parseDuration))
      .option("--exit-code", "exit 5 if a key matches, 0 if none does")
      .action((flags: ListFlags, command: Command) => {
        refuseUnused(command, { "status tag expiring": ["exitCode"] });
        return runList(open(), flags);
      }),
};

async function runList(ctx: Context, flags: ListFlags): Promise<void> {
  const { io, paint, world } = ctx;
  const now = world.now();
  warnIfMinutes(io, "--expiring", flags.expiring);
  const readers = ctx.readers();
  const read = await Promise.all(readers.map(async ({ open }) => listOf((await open()).store)));
  const tags = Object.entries(tagsOf(flags.tag));
  // What the order depends on is in one object: a comparison of 100,000 keys waits for memory.
  const all = read.flatMap(({ spec, keys }) => keys.map((key) => ({ spec, key, id: key.id, at: key.createdAt })));
  const listed = all
    .filter(({ key }) => tags.every(([name, value]) => key.tags[name] === value))
    .filter(({ key }) => flags.status?.includes(keyStatus(key, now)) ?? true)
    .filter(({ key }) => flags.expiring === undefined || keyStatus(key, now, flags.expiring) === "expiring")
    .sort((a, b) => b.at - a.at || (a.id < b.id ? -1 : 1));
  const keys = listed.map(({ key }) => key);
  const specs = read.map(({ spec }) => spec);
  const isOne = specs.length === 1;
  if (flags.exitCode === true && keys.length > 0) ctx.setExitStatus(5);
  if (ctx.flags.json) {
    await io.jsonList(isOne ? { store: specs[0] } : { stores: specs }, "keys", toJson(listed, isOne, now));
    return;
  }
  if (keys.length === 0) {
    io.note(all.length === 0 ? `no keys in ${specs.join(" or ")}` : `no matching keys in ${specs.join(" or ")}`);
    if (all.length === 0) io.next("mcp-keys generate ci");
    return;
  }
  const rows = listed.map(({ spec, key }) => [
    { text: key.name, paint: (text: string) => paint.bold(text) },
    { text: key.id },
    statusCell(ctx, key),
    { text: lastDay(key, now) },
    { text: dateText(lastUsedAt(key)) },
    { text: key.scopes.join(" ") || "-" },
    ...(isOne ? [] : [{ text: spec }]),
  ]);
  await io.print(
    renderTable(
      paint,
      ["NAME", "ID", "STATUS", "EXPIRES", "LAST USED", "SCOPES", ...(isOne ? [] : ["STORE"])],
      rows,
      lineWidth(world.streams.stdout),
    ),
  );
  if (isOne) warnIfWeak(ctx, keys);
}

function* toJson(
  listed: readonly { spec: string; key: Key }[],
  isOne: boolean,
  now: Epoch,
): IterableIterator<Record<string, unknown>> {
  for (const { spec, key } of listed) yield isOne ? keyJson(key, now) : { store: spec, ...keyJson(key, now) };
}

async function listOf(store: KeyStore) {
  return { spec: store.spec, keys: await store.list({ digests: false }) };
}

function statusCell({ paint, world }: Context, key: Key): Cell {
  const now = world.now();
  const status = keyStatus(key, now, EXPIRING_WITHIN);
  const isWeak = weakVersion(key, now) !== undefined;
  return {
    text: isWeak ? `${status}, weak` : status,
    // A narrow terminal puts `weak` on a line of its own.
    paint: (text) => text.replace(status, () => paint.status(status)),
  };
}

function dateText(at: Epoch | null): string {
  return at === null ? "-" : formatTime(at).slice(0, 10);
}
