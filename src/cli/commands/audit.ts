import { Command, Option } from "commander";
import { count } from "../../core/count.ts";
import { formatTime, parseSince } from "../../core/duration.ts";
import type { Key } from "../../core/key.ts";
import { KeysError } from "../../errors.ts";
import type { Change } from "../../stores/store.ts";
import type { CommandModule, Context } from "../context.ts";

interface AuditFlags {
  readonly since?: string;
  readonly key?: string;
  readonly verify?: boolean;
  readonly archive?: string;
}

export const audit: CommandModule = {
  examples: [
    "mcp-keys audit --since 30d",
    "mcp-keys audit --key ci --json",
    "mcp-keys audit --verify     # check that the history was not altered",
  ],
  build: (open) =>
    new Command("audit")
      .description("Prints the history of the store, oldest first, one line per change.")
      .addOption(new Option("--since <when>", "only changes since a date, or in the last 30d"))
      .option("--key <key>", "only changes to this key (name or id)")
      .addOption(new Option("--verify", "only verify that the history was not altered").conflicts(["since", "key"]))
      .addOption(
        new Option(
          "--archive <file>",
          "move the history so far to this file, on the same disk; the keys stay",
        ).conflicts(["since", "key", "verify"]),
      )
      .action((flags: AuditFlags) => runAudit(open(), flags)),
};

async function runAudit(ctx: Context, flags: AuditFlags): Promise<void> {
  if (flags.archive !== undefined) return runArchive(ctx, flags.archive);
  if (flags.verify === true) return runVerifyHistory(ctx);
  const store = await ctx.store();
  const since = flags.since === undefined ? 0 : parseSince(flags.since, ctx.world.now());
  const wanted = flags.key === undefined ? undefined : (await (await ctx.keys()).get(flags.key, { digests: false })).id;
  let lines = "";
  for await (const change of store.changes(0, { digests: false })) {
    if (change.at < since) continue;
    for (const key of change.keys) {
      if (wanted === undefined || key.id === wanted) lines += formatLine(ctx, change, key);
    }
    // A compaction belongs to no key.
    if (change.keys.length === 0 && wanted === undefined) lines += formatLine(ctx, change, null);
    if (lines.length > 64 * 1024) {
      await ctx.io.print(lines);
      lines = "";
    }
  }
  await ctx.io.print(lines);
}

/** Every read verifies the chain, so reading all changes verifies the history. */
async function runVerifyHistory(ctx: Context): Promise<void> {
  const store = await ctx.store();
  let changes = 0;
  let last = 0;
  for await (const change of store.changes(0, { digests: false })) {
    changes++;
    last = change.seq;
  }
  if (ctx.flags.json) await ctx.io.json({ ok: true, store: store.spec, changes, seq: last });
  else await ctx.io.print(`${ctx.paint.good("intact")}: ${count(changes, "change")} in ${store.spec}\n`);
}

async function runArchive(ctx: Context, archive: string): Promise<void> {
  const store = await ctx.store();
  if (store.compact === undefined) {
    throw new KeysError("USAGE", `${store.spec} has no history to archive`, { hint: "remove --archive" });
  }
  const { now, actor: by } = ctx.world;
  const { seq, before, after } = await store.compact({ at: now(), by, archive });
  if (ctx.flags.json) await ctx.io.json({ archive, seq, before, after });
  if (before === 0) {
    ctx.io.note(`${store.spec} has no history yet, so nothing was moved`);
    return;
  }
  ctx.io.note(`moved the history to ${archive}; ${store.spec} shrank from ${String(before)} to ${String(after)} bytes`);
  ctx.io.next(`mcp-keys audit --store archive:${archive}`);
}

function formatLine({ flags }: Context, change: Change, key: Key | null): string {
  const { seq, at, by, op, version, detail } = change;
  const runId = version === undefined ? undefined : key?.versions.find(({ n }) => n === version)?.runId;
  if (flags.json) {
    const document = {
      schemaVersion: 1,
      seq,
      at: formatTime(at),
      by,
      op,
      ...(key !== null && { key: { id: key.id, name: key.name } }),
      ...(version !== undefined && { version }),
      ...(runId !== undefined && { runId }),
      ...(detail !== undefined && { detail }),
    };
    return `${JSON.stringify(document)}\n`;
  }
  const words = [formatTime(at), by, op, key === null ? "" : `${key.name} (${key.id})`];
  if (version !== undefined) words.push(`version ${String(version)}`);
  if (runId !== undefined) words.push(`run ${runId}`);
  if (detail !== undefined) words.push(detail);
  return `${words.filter((word) => word !== "").join("  ")}\n`;
}
