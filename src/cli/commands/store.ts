import { Command } from "commander";
import { resolveConfig } from "../../config.ts";
import { KeysError } from "../../errors.ts";
import { inspectFiles } from "../../stores/inspect-files.ts";
import type { CommandModule, Context } from "../context.ts";
import { renderFields } from "../terminal/render.ts";
import { migrateCommand } from "../store/migrate.ts";

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
  ],
  build: (open) =>
    new Command("store")
      .description(
        "Shows which store is in use, what chose it, where it is, how many keys it has, and whether it is writable.",
      )
      .helpCommand(false)
      .action(() => runStore(open()))
      .addCommand(migrateCommand(open)),
};

async function runStore(ctx: Context): Promise<void> {
  const { flags, io, paint, world } = ctx;
  const { store: named, chosenBy } = resolveConfig(flags, world.env);
  const { spec, path, keys, writable, fault } = await summarizeStore(ctx, named);
  if (flags.json) await io.json({ store: spec, chosenBy, path, keys, writable });
  else {
    const fields: ([string, string] | null)[] = [
      ["store", paint.bold(spec)],
      ["chosen by", CHOSEN_BY[chosenBy]],
      path === null ? null : ["on disk", path],
      keys === null ? null : ["keys", String(keys)],
      keys === null ? null : ["writable", writable ? "yes" : "no"],
    ];
    await io.print(renderFields(paint, fields));
  }
  if (fault !== null) throw fault;
  io.next(keys === 0 && writable ? "mcp-keys generate ci" : "mcp-keys list");
}

interface StoreSummary {
  readonly spec: string;
  /** Path of the history file; `null` if the store has none. */
  readonly path: string | null;
  /** Number of keys, including revoked ones; `null` if they cannot be read. */
  readonly keys: number | null;
  readonly writable: boolean;
  /** Why the keys cannot be read. */
  readonly fault: KeysError | null;
}

/** Describes a store as far as it opens. */
async function summarizeStore(ctx: Context, named: string): Promise<StoreSummary> {
  // Only the scheme until the store opens: the rest may be a connection string with a password.
  let found: StoreSummary = {
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
    const isWritable = store.path === undefined || (await inspectFiles(store.path)).writable;
    return { ...found, keys, writable: !store.readOnly && isWritable };
  } catch (fault) {
    if (fault instanceof KeysError) return { ...found, fault };
    throw fault;
  }
}
