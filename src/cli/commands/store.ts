import { Command } from "commander";
import { resolveConfig } from "../../config.ts";
import { formatPosition } from "../../core/position.ts";
import type { CommandModule, Context } from "../context.ts";
import { serverJson } from "../server-state.ts";
import { renderFields } from "../terminal/render.ts";
import { adoptCommand } from "../store/adopt.ts";
import { migrateCommand } from "../store/migrate.ts";
import { schemaCommand } from "../store/schema.ts";
import { describeServers, summarizeStore } from "../store/summary.ts";

const CHOSEN_BY = {
  flag: "--store",
  variable: "MCP_KEYS_STORE",
  default: "default",
} as const;

export const store: CommandModule = {
  examples: [
    "mcp-keys store                                                # the store in use",
    "mcp-keys store migrate --from file:./keys.jsonl --to file: --dry-run",
    "mcp-keys store migrate --from file:./keys.jsonl --to file: --delete-source --yes",
    "mcp-keys store schema > schema.sql                            # for the administrator of a PostgreSQL",
  ],
  build: (open) =>
    new Command("store")
      .description(
        "Shows which store is in use, what chose it, where it is, how many keys it has, whether it is writable, its position, and " +
          "how far the servers that follow it are.",
      )
      .helpCommand(false)
      .action(() => runStore(open()))
      .addCommand(schemaCommand(open))
      .addCommand(migrateCommand(open))
      .addCommand(adoptCommand(open)),
};

async function runStore(ctx: Context): Promise<void> {
  const { flags, io, paint, world } = ctx;
  const { store: named, chosenBy } = resolveConfig(flags, world.env);
  const { spec, path, keys, writable, position, servers, fault } = await summarizeStore(ctx, named);
  const where = position === null ? null : formatPosition(position);
  if (flags.json) {
    const list = position === null ? null : (servers?.map((each) => serverJson(each, position, world.now())) ?? null);
    await io.json({ store: spec, chosenBy, path, keys, writable, position: where, servers: list });
  } else {
    const fields: ([string, string] | null)[] = [
      ["store", paint.bold(spec)],
      ["chosen by", CHOSEN_BY[chosenBy]],
      path === null ? null : ["on disk", path],
      keys === null ? null : ["keys", String(keys)],
      keys === null ? null : ["writable", writable ? "yes" : "no"],
      where === null ? null : ["position", where],
      position === null || servers === null ? null : ["servers", describeServers(servers, position)],
    ];
    await io.print(renderFields(paint, fields));
  }
  if (fault !== null) throw fault;
  io.next(keys === 0 && writable ? "mcp-keys generate ci" : "mcp-keys list");
}
