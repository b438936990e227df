import { Command } from "commander";
import { count } from "../../core/count.ts";
import { KeysError } from "../../errors.ts";
import type { Migration } from "../../stores/migrate.ts";
import type { KeyStore } from "../../stores/store.ts";
import type { Context } from "../context.ts";

interface MigrateFlags {
  readonly from: string;
  readonly to: string;
  readonly dryRun?: boolean;
  readonly deleteSource?: boolean;
  readonly yes?: boolean;
}

/** `store migrate`: a command of `store`. */
export function migrateCommand(open: () => Context): Command {
  return new Command("migrate")
    .summary("copy the keys and their history into another store")
    .description(
      "Copies the keys of a store with their whole history into another one, reads it back and compares. " +
        "Run again, it adds what has come since. What reads the old store must be told of the new one.",
    )
    .requiredOption("--from <spec>", "the store that has the keys")
    .requiredOption(
      "--to <spec>",
      "the store they are to be in: one without keys, or one that has them from an earlier run",
    )
    .option("--dry-run", "say what would be done, and do nothing")
    .option("--delete-source", "remove the old store, once the new one is proven to hold all of it")
    .option("--yes", "do not ask before it is removed")
    .action((flags: MigrateFlags) => runMigrate(open(), flags));
}

async function runMigrate(ctx: Context, { from, to, dryRun = false, deleteSource = false, yes = false }: MigrateFlags) {
  const { flags, io, world } = ctx;
  if (flags.store !== undefined) {
    throw new KeysError("USAGE", "--store does not say which of the two stores it is", {
      hint: "name them with --from and --to",
    });
  }
  if (deleteSource && !dryRun && !yes && !ctx.interactive) {
    throw new KeysError("INPUT_REQUIRED", "removing the old store cannot be undone", {
      hint: "say that you mean it with --yes, or leave --delete-source out",
    });
  }
  const { migrate, planMigration } = await import("../open.ts");
  const source = await ctx.openStore(from);
  const target = await ctx.openStore(to);
  const plan = await planMigration(source, target);
  if (deleteSource && !dryRun && !yes) await confirm(ctx, source, target);
  const options = { now: world.now, by: world.actor, remove: deleteSource };
  const done = dryRun ? plan : await migrate(source, target, options);
  if (flags.json) await io.json({ from: source.spec, to: target.spec, dryRun, ...done });
  say(ctx, { source, target, done, dryRun, deleteSource });
}

/** The word must be typed: a key that is pressed too early says nothing. */
async function confirm(ctx: Context, source: KeyStore, target: KeyStore): Promise<void> {
  const ask = await ctx.world.ask();
  await ask.text({
    message: `This removes ${source.spec} once ${target.spec} holds all of it. Type remove to go on:`,
    check: (answer) => answer === "remove" || "that is not remove; leave with Ctrl-C",
  });
}

interface Said {
  readonly source: KeyStore;
  readonly target: KeyStore;
  readonly done: Migration;
  readonly dryRun: boolean;
  readonly deleteSource: boolean;
}

function say({ io }: Context, { source, target, done, dryRun, deleteSource }: Said): void {
  const { keys, changes, copied, removed } = done;
  if (changes === 0) {
    io.warn(`${source.spec} holds no keys, so there is nothing to copy`);
    return;
  }
  const what = `${String(copied)} of ${count(changes, "change")} about ${count(keys, "key")}`;
  const ends = `from ${source.spec} to ${target.spec}`;
  if (dryRun) {
    io.note(`would copy ${what} ${ends}${deleteSource ? ", compare, and remove the old store" : " and compare"}`);
    return;
  }
  io.note(copied === 0 ? `${target.spec} holds all of ${source.spec}` : `copied ${what} ${ends} and compared`);
  if (removed) io.note(`removed ${source.spec}; what still reads it stops answering until it is told of the new one`);
  else io.note(`${source.spec} is there still; what is changed in one of the two does not reach the other`);
  io.note(`to use the new one: MCP_KEYS_STORE=${target.spec}, or --store`);
  io.next(`mcp-keys list --store ${target.spec}`);
}
