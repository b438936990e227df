import { Command } from "commander";
import { formatTime } from "../../core/duration.ts";
import type { CommandModule, Context } from "../context.ts";
import { timeJson } from "../json.ts";
import { renderTable } from "../terminal/render.ts";
import { lineWidth } from "../terminal/text-width.ts";
import { forgetCommand } from "../uses/forget.ts";
import { importCommand } from "../uses/import.ts";

export const uses: CommandModule = {
  examples: [
    "mcp-keys uses                          # which server saw which version, and when",
    "mcp-keys uses import ./uses.json       # the report of a server with a keyset",
    "mcp-keys uses forget web-1             # a server that is gone",
  ],
  build: (open) =>
    new Command("uses")
      .description(
        "Shows when each server last saw each version of each key, and until when servers with a keyset have reported. " +
          "`rotate --finish` goes by it.",
      )
      .helpCommand(false)
      .action(() => runUses(open()))
      .addCommand(importCommand(open))
      .addCommand(forgetCommand(open)),
};

async function runUses(ctx: Context): Promise<void> {
  const { io, paint, flags, world } = ctx;
  const store = await ctx.store();
  const [keys, { uses: all, reports, publishedAt }] = [await store.list({ digests: false }), await store.usage()];
  const found = keys
    .flatMap((key) => all.filter(({ id }) => id === key.id).map((use) => ({ ...use, key })))
    .filter(({ key, n }) => key.versions.some((version) => version.n === n))
    .sort((a, b) => (a.key === b.key ? a.n - b.n || b.at - a.at : 0));
  if (flags.json) {
    await io.json({
      store: store.spec,
      uses: found.map(({ server, key: { id, name }, n, at }) => ({
        ...{ server, key: { id, name }, version: n, lastUsedAt: formatTime(at) },
      })),
      reports: reports.map(({ server, at }) => ({ server, at: formatTime(at) })),
      publishedAt: timeJson(publishedAt),
    });
    return;
  }
  const width = lineWidth(world.streams.stdout);
  const table = (heads: string[], rows: string[][]) => {
    const cells = rows.map((row) => row.map((text) => ({ text })));
    return renderTable(paint, heads, cells, width);
  };
  const rows = found.map(({ server, key, n, at }) => [key.name, String(n), server, formatTime(at)]);
  const reported = reports.map(({ server, at }) => [server, formatTime(at)]);
  if (rows.length > 0) await io.print(table(["KEY", "VERSION", "SERVER", "LAST USED"], rows));
  else io.note(`no server has recorded a use in ${store.spec}`);
  if (reported.length > 0) await io.print(`\n${table(["SERVER", "REPORTED UNTIL"], reported)}`);
  if (publishedAt === null || reported.length > 0) return;
  io.note(`a keyset was published at ${formatTime(publishedAt)}, and no server that reads it has reported its uses`);
}
