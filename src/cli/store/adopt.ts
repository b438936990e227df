import { Command } from "commander";
import { count } from "../../core/count.ts";
import { formatTime } from "../../core/duration.ts";
import { formatPosition, type Position } from "../../core/position.ts";
import { KeysError } from "../../errors.ts";
import type { Change, KeyStore } from "../../stores/store.ts";
import type { Context } from "../context.ts";

interface AdoptFlags {
  readonly yes?: boolean;
}

/** Builds `store adopt`, a subcommand of `store`. */
export function adoptCommand(open: () => Context): Command {
  return new Command("adopt")
    .summary("accept a history that went back, after a restore or a failover")
    .description(
      "Accepts the history of the store as it is now. Servers that saw a later history refuse every token (STORE_REWOUND) until then, " +
        "because keys that were revoked meanwhile would work again. Revoke those keys again first.",
    )
    .option("--yes", "do not ask for confirmation")
    .action((flags: AdoptFlags) => runAdopt(open(), flags));
}

async function runAdopt(ctx: Context, { yes = false }: AdoptFlags): Promise<void> {
  const { flags, io, world } = ctx;
  const store = await ctx.store();
  if (store.startEpoch === undefined) {
    throw new KeysError("USAGE", `${store.spec} has no epochs, so there is nothing to adopt`, {
      hint: "select the store that was restored: --store postgres://<user>@<host>/<database>",
    });
  }
  const before = await store.position();
  if (!yes) await confirm(ctx, store, before);
  const position = await store.startEpoch({ at: world.now(), by: world.actor });
  if (flags.json) {
    await io.json({ store: store.spec, previous: formatPosition(before), position: formatPosition(position) });
  }
  io.note(`accepted the history of ${store.spec} as it is; servers go on at ${formatPosition(position)}`);
  io.next("mcp-keys servers");
}

/** Shows where the history ends, and asks the user to type a word, because Enter is pressed too easily. */
async function confirm(ctx: Context, store: KeyStore, position: Position): Promise<void> {
  if (!ctx.interactive) {
    throw new KeysError("INPUT_REQUIRED", "keys that were revoked after the backup work again once it is adopted", {
      hint: "look at the keys with mcp-keys list, revoke those that should not work, and then run: mcp-keys store adopt --yes",
    });
  }
  const keys = await store.list({ digests: false });
  ctx.io.note(`${store.spec} has ${count(keys.length, "key")}; ${describeEnd(await lastChange(store, position))}`);
  ctx.io.note("keys that were revoked after that work again once you adopt it");
  const prompts = await ctx.prompts();
  await prompts.text({
    message: "Type adopt to accept this history:",
    check: (answer) => answer === "adopt" || "type adopt, or press Ctrl-C to cancel",
  });
}

async function lastChange(store: KeyStore, { seq }: Position): Promise<Change | null> {
  let last: Change | null = null;
  for await (const change of store.changes(Math.max(0, seq - 1), { digests: false })) last = change;
  return last;
}

function describeEnd(last: Change | null): string {
  if (last === null) return "its history is empty";
  const { seq, op, by, at, keys } = last;
  const which = keys.length === 1 ? ` ${keys[0]?.name ?? ""}` : "";
  return `its history ends with change ${String(seq)}: ${op}${which} by ${by} at ${formatTime(at)}`;
}
