import { Command } from "commander";
import { parseServerName } from "../../core/usage.ts";
import { KeysError } from "../../errors.ts";
import type { Context } from "../context.ts";

/** Builds `uses forget`, a subcommand of `uses`. */
export function forgetCommand(open: () => Context): Command {
  return new Command("forget")
    .summary("drop the uses of a server that is gone")
    .description(
      "Drops the uses and reports of a server that is gone, so that `rotate --finish` no longer waits for it. A server that still runs " +
        "records its next uses again.",
    )
    .argument("[server]", "its name, see: mcp-keys uses")
    .option("--keyset", "that a keyset was published, because no server reads keysets any more")
    .action((server: string | undefined, { keyset = false }: { keyset?: boolean }) => {
      if ((server === undefined) === keyset)
        return runForget(open(), server === undefined ? null : parseServerName(server));
      throw new KeysError("USAGE", "uses forget takes a server or --keyset", {
        hint: "name the server: mcp-keys uses forget <server>",
      });
    });
}

async function runForget(ctx: Context, server: string | null): Promise<void> {
  const { io, flags } = ctx;
  const store = await ctx.store();
  if (store.forget === undefined) throw new KeysError("STORE_READ_ONLY", `${store.spec} records no uses`);
  const changed = await store.forget(server);
  if (flags.json) await io.json({ server, changed });
  const what = server ?? "that a keyset was published";
  io.note(changed ? `forgot ${what}` : `${store.spec} knows nothing of ${server ?? "a published keyset"}`);
}
