import { Command } from "commander";
import { resolveConfig } from "../../config.ts";
import { KeysError } from "../../errors.ts";
import type { CommandModule, Context } from "../context.ts";
import { renderFields } from "../terminal/render.ts";
import { migrateCommand } from "./migrate.ts";

const CHOSEN_BY = {
  flag: "--store",
  variable: "MCP_KEYS_STORE",
  default: "nobody: it is the default, without --store and MCP_KEYS_STORE",
} as const;

export const store: CommandModule = {
  examples: [
    "mcp-keys store                                                # which store is in use, and why",
    "mcp-keys store migrate --from file:./keys.jsonl --to file: --dry-run",
    "mcp-keys store migrate --from file:./keys.jsonl --to file: --delete-source --yes",
  ],
  build: (open) =>
    new Command("store")
      .summary("which store is in use, and why")
      .description("Says which store is in use and what chose it, where it lies, and whether it can be written.")
      .helpCommand(false)
      .action(() => runStore(open()))
      .addCommand(migrateCommand(open)),
};

async function runStore(ctx: Context): Promise<void> {
  const { flags, io, paint, world } = ctx;
  const { store: named, chosenBy } = resolveConfig(flags, world.env);
  const { spec, path, keys, writable, fault } = await look(ctx, named);
  if (flags.json) await io.json({ store: spec, chosenBy, path, keys, writable });
  else {
    const fields: ([string, string] | null)[] = [
      ["store", paint.bold(spec)],
      ["chosen by", CHOSEN_BY[chosenBy]],
      path === null ? null : ["on disk", path],
      keys === null ? null : ["keys", String(keys)],
      keys === null ? null : ["writable", writable ? "yes" : "no"],
    ];
    await io.answer(renderFields(paint, fields));
  }
  if (fault !== null) throw fault;
  io.next(keys === 0 && writable ? "mcp-keys generate ci" : "mcp-keys list");
}

interface Found {
  readonly spec: string;
  /** The file that holds the history; `null` where there is none. */
  readonly path: string | null;
  /** How many, revoked ones included; `null` when they cannot be read. */
  readonly keys: number | null;
  readonly writable: boolean;
  /** Why they cannot. */
  readonly fault: KeysError | null;
}

/** What can be told of a store, be it only its name. */
async function look(ctx: Context, named: string): Promise<Found> {
  // Of a spec that opens nothing no more is told: what follows may be a connection string.
  let found: Found = {
    spec: named.slice(0, named.indexOf(":") + 1),
    path: null,
    keys: null,
    writable: false,
    fault: null,
  };
  try {
    const store = await ctx.store();
    found = { ...found, spec: store.spec, path: store.path ?? null };
    const keys = (await store.list({ digests: false })).length;
    const { inspectFiles } = await import("../open.ts");
    const isOpen = store.path === undefined || (await inspectFiles(store.path)).writable;
    return { ...found, keys, writable: !store.readOnly && isOpen };
  } catch (fault) {
    if (fault instanceof KeysError) return { ...found, fault };
    throw fault;
  }
}
