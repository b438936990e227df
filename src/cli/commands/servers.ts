import { Command } from "commander";
import { formatTime } from "../../core/duration.ts";
import { formatPosition } from "../../core/position.ts";
import { KeysError } from "../../errors.ts";
import type { CommandModule, Context } from "../context.ts";
import { serverJson, serverSeenAt, serverState, UP_TO_DATE } from "../server-state.ts";
import { renderTable } from "../terminal/render.ts";
import { lineWidth } from "../terminal/text-width.ts";

export const servers: CommandModule = {
  examples: [
    "mcp-keys servers          # which servers follow the store, and how far they are",
    "mcp-keys servers --json",
  ],
  build: (open) =>
    new Command("servers")
      .description(
        "Lists the servers that follow the store, and which of them have applied its last change. A server reports by itself " +
          "if it may write to the store; it stays listed for a day after its lease ran out.",
      )
      .action(() => runServers(open())),
};

async function runServers(ctx: Context): Promise<void> {
  const { io, paint, flags, world } = ctx;
  const store = await ctx.store();
  if (store.followers === undefined) {
    throw new KeysError("USAGE", `servers do not report to ${store.spec}`, {
      hint: "name the store that they share: --store file:<path>, or postgres:",
    });
  }
  const position = await store.position();
  const followers = (await store.followers()).sort((a, b) => (a.name < b.name ? -1 : 1));
  const now = world.now();
  if (flags.json) {
    const list = followers.map((each) => serverJson(each, position, now));
    await io.json({ store: store.spec, position: formatPosition(position), servers: list });
    return;
  }
  if (followers.length === 0) {
    io.note(`no server follows ${store.spec}`);
    return;
  }
  const rows = followers.map((each) => {
    const state = serverState(each, position);
    const color = state === UP_TO_DATE ? "good" : "error";
    return [
      ...[each.name, each.id].map((text) => ({ text })),
      { text: state, paint: (text: string) => paint[color](text) },
      ...[each.version, formatTime(serverSeenAt(each, now))].map((text) => ({ text })),
    ];
  });
  await io.print(
    renderTable(paint, ["SERVER", "ID", "STATE", "VERSION", "LAST SEEN"], rows, lineWidth(world.streams.stdout)),
  );
}
