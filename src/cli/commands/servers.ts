import { Command } from "commander";
import { formatTime } from "../../core/duration.ts";
import type { Follower } from "../../core/follower.ts";
import { formatPosition, type Position } from "../../core/position.ts";
import { KeysError } from "../../errors.ts";
import type { CommandModule, Context } from "../context.ts";
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
    const state = stateOf(each, position);
    const paintState = (text: string): string => (state === "up to date" ? paint.good(text) : paint.error(text));
    return [
      ...[each.name, each.id].map((text) => ({ text })),
      { text: state, paint: paintState },
      ...[each.version, formatTime(seenAt(each, now))].map((text) => ({ text })),
    ];
  });
  await io.print(
    renderTable(paint, ["SERVER", "ID", "STATE", "VERSION", "LAST SEEN"], rows, lineWidth(world.streams.stdout)),
  );
}

/** The state of a server whose lease ran out does not depend on its position: it accepts no token. */
function stateOf({ position, leaseLeft }: Follower, head: Position): string {
  if (leaseLeft <= 0) return "stopped, or answers 503";
  if (position.epoch !== head.epoch) return "follows an earlier history";
  const lag = head.seq - position.seq;
  return lag <= 0 ? "up to date" : `${String(lag)} ${lag === 1 ? "change" : "changes"} behind`;
}

function serverJson(follower: Follower, head: Position, now: number): Record<string, unknown> {
  const { id, name, position, leaseLeft, version } = follower;
  return {
    ...{ id, name, position: formatPosition(position) },
    lag: position.epoch === head.epoch ? Math.max(head.seq - position.seq, 0) : null,
    isAccepting: leaseLeft > 0,
    version,
    lastSeenAt: formatTime(seenAt(follower, now)),
  };
}

function seenAt({ seenAgo }: Follower, now: number): number {
  return Math.max(0, Math.floor(now - seenAgo / 1000));
}
