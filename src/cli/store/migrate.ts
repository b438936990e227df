import { Command } from "commander";
import { count } from "../../core/count.ts";
import { KeysError } from "../../errors.ts";
import { migrate, planMigration, type Migration } from "../../stores/migrate.ts";
import type { KeyStore } from "../../stores/store.ts";
import type { Context } from "../context.ts";

interface MigrateFlags {
  readonly from: string;
  readonly to: string;
  readonly dryRun?: boolean;
  readonly deleteSource?: boolean;
  readonly yes?: boolean;
}

/** Builds `store migrate`, a subcommand of `store`. */
export function migrateCommand(open: () => Context): Command {
  return new Command("migrate")
    .summary("copy the keys and their history to another store")
    .description(
      "Copies the keys and their whole history to another store, then reads them back and compares. " +
        "Run it again to copy later changes. Point your servers to the new store yourself.",
    )
    .requiredOption("--from <spec>", "store to copy from")
    .requiredOption("--to <spec>", "store to copy to: empty, or filled by an earlier run")
    .option("--dry-run", "show what would be copied; change nothing")
    .option("--delete-source", "remove the old store after comparing")
    .option("--yes", "do not ask before removing the old store")
    .action((flags: MigrateFlags) => runMigrate(open(), flags));
}

async function runMigrate(ctx: Context, { from, to, dryRun = false, deleteSource = false, yes = false }: MigrateFlags) {
  const { flags, io, world } = ctx;
  if (flags.store !== undefined) {
    throw new KeysError("USAGE", "store migrate does not use --store", {
      hint: "name the two stores with --from and --to",
    });
  }
  if (deleteSource && !dryRun && !yes && !ctx.interactive) {
    throw new KeysError("INPUT_REQUIRED", "removing the old store cannot be undone", {
      hint: "confirm with --yes, or remove --delete-source",
    });
  }
  const source = await ctx.openStore(from);
  const target = await ctx.openStore(to);
  const plan = await planMigration(source, target);
  if (deleteSource && !dryRun && !yes) await confirm(ctx, source, target);
  const options = { now: world.now, by: world.actor, remove: deleteSource };
  const done = dryRun ? plan : await migrate(source, target, options);
  if (flags.json) await io.json({ from: source.spec, to: target.spec, dryRun, ...done });
  reportMigration(ctx, { source, target, done, dryRun, deleteSource });
}

/** Asks the user to type a word, because Enter is pressed too easily. */
async function confirm(ctx: Context, source: KeyStore, target: KeyStore): Promise<void> {
  const prompts = await ctx.prompts();
  await prompts.text({
    message: `This removes ${source.spec} after copying it to ${target.spec}. Type remove to continue:`,
    check: (answer) => answer === "remove" || "type remove, or press Ctrl-C to cancel",
  });
}

interface MigrationOutcome {
  readonly source: KeyStore;
  readonly target: KeyStore;
  readonly done: Migration;
  readonly dryRun: boolean;
  readonly deleteSource: boolean;
}

function reportMigration({ io }: Context, { source, target, done, dryRun, deleteSource }: MigrationOutcome): void {
  const { keys, changes, copied, removed } = done;
  if (changes === 0) {
    io.warn(`${source.spec} has no keys, so there is nothing to copy`);
    return;
  }
  const part = copied === changes ? "" : `${String(copied)} of `;
  const amount = `${part}${count(changes, "change")} to ${count(keys, "key")}`;
  const route = `from ${source.spec} to ${target.spec}`;
  if (dryRun) {
    io.note(`would copy ${amount} ${route}${deleteSource ? ", compare and remove the old store" : " and compare"}`);
    return;
  }
  io.note(
    copied === 0 ? `${target.spec} already has everything in ${source.spec}` : `copied ${amount} ${route} and compared`,
  );
  if (removed)
    io.note(`removed ${source.spec}; servers that still use it answer 503 until you point them to the new store`);
  else io.note(`${source.spec} was kept; changes in one store do not reach the other`);
  io.note(`to use the new store, set MCP_KEYS_STORE=${target.spec}`);
  io.next(`mcp-keys list --store ${target.spec}`);
}
