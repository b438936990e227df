import { Option, type Command } from "commander";
import { count } from "../core/count.ts";
import { parseDuration } from "../core/duration.ts";
import { formatPosition, type Position } from "../core/position.ts";
import { KeysError } from "../errors.ts";
import type { Confirmation } from "../keys/wait-for-servers.ts";
import type { Context } from "./context.ts";

/** `wait` is in seconds, and false with `--no-wait`. */
export interface WaitFlags {
  readonly wait?: number | false;
}

/** Waits until the servers that follow the store have applied a position. Returns `null` if there is nothing to wait for. */
export type Wait = (position: Position) => Promise<Confirmation | null>;

const DEFAULT_WAIT = "10s";
/** Milliseconds after Ctrl-C to say that servers have not confirmed. */
const REPORT_LIMIT = 1_000;

/** Adds `--wait`, and `--no-wait` to a command that waits by default. */
export function addWaitFlags(command: Command, { byDefault = false } = {}): Command {
  const wait = new Option(
    "--wait [duration]",
    `wait until all servers that follow the store apply it, at most ${DEFAULT_WAIT} or so long${byDefault ? " (default if there are servers)" : ""}`,
  ).argParser(parseDuration);
  command.addOption(wait);
  return byDefault ? command.option("--no-wait", "do not wait for servers") : command;
}

/**
 * Returns the arguments with a bare `--wait` replaced by its default. Commander would take the next word for its value, as in
 * `revoke --wait ci`.
 */
export function withWaitValue(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf("--");
  return argv.map((word, i) => (word === "--wait" && (end < 0 || i < end) ? `--wait=${DEFAULT_WAIT}` : word));
}

/**
 * Prepares to wait after a change, if the flags or the default ask for it.
 * @throws {@link KeysError} `USAGE` for `--wait` with a store that servers do not report to, before anything is changed
 */
export async function openWait(ctx: Context, { wait }: WaitFlags, byDefault = false): Promise<Wait | undefined> {
  if (wait === false || (wait === undefined && !byDefault)) return undefined;
  const store = await ctx.store();
  const { cannotConfirm, waitForServers } = await import("./lazy/keys.ts");
  if (store.followers === undefined) {
    if (wait === undefined) return undefined;
    throw cannotConfirm(store);
  }
  const { world } = ctx;
  const timeout = 1000 * (wait ?? parseDuration(DEFAULT_WAIT));
  return async (position) => {
    const waiting = waitForServers(store, position, { timeout, signal: world.interrupted, ticks: world.ticks });
    ctx.atEnd(() => waiting.then(ignore, ignore), REPORT_LIMIT);
    const confirmation = await waiting.catch((cause: unknown) => {
      throw cannotAsk(cause);
    });
    return confirmation.of === 0 && wait === undefined ? null : confirmation;
  };
}

/**
 * Waits before a token is delivered.
 * @throws {@link KeysError} `NOT_CONFIRMED`
 */
export async function requireConfirmed(wait: Wait, position: Position): Promise<Confirmation | null> {
  const confirmation = await wait(position);
  if (confirmation === null || confirmation.lagging.length === 0) return confirmation;
  const { notConfirmed } = await import("./lazy/keys.ts");
  throw notConfirmed(confirmation);
}

/**
 * Waits for a position without having changed anything.
 * @param timeout - in seconds
 * @throws {@link KeysError} `NOT_CONFIRMED`, also if no server follows the store; `POSITION_UNKNOWN`
 */
export async function requireServers(ctx: Context, position: Position, timeout: number): Promise<Confirmation | null> {
  const wait = await openWait(ctx, { wait: timeout });
  const store = await ctx.store();
  const { epoch, seq } = await store.position();
  if (epoch !== position.epoch || seq < position.seq) {
    throw new KeysError("POSITION_UNKNOWN", `${formatPosition(position)} is not a position of ${store.spec}`);
  }
  const confirmation = await (wait === undefined ? null : requireConfirmed(wait, position));
  if (confirmation?.of !== 0) return confirmation;
  throw new KeysError("NOT_CONFIRMED", `no server follows ${store.spec}`, {
    hint: "start the server, and give it write access to the store; see: mcp-keys servers",
  });
}

/** The member of a JSON document. */
export function confirmedJson(confirmation: Confirmation | null | undefined): Record<string, unknown> {
  if (confirmation === null || confirmation === undefined) return {};
  const { servers, of, ms } = confirmation;
  return { confirmed: { servers, of, ms } };
}

/**
 * Says who confirmed.
 * @throws {@link KeysError} `NOT_CONFIRMED`
 */
export async function reportConfirmation(
  { io }: Context,
  confirmation: Confirmation | null | undefined,
): Promise<void> {
  if (confirmation === null || confirmation === undefined) return;
  const { servers, of, ms, lagging } = confirmation;
  if (lagging.length > 0) throw (await import("./lazy/keys.ts")).notConfirmed(confirmation);
  if (of === 0) io.note("no server follows the store, so there was nothing to wait for");
  else io.note(`confirmed by ${String(servers)} of ${count(of, "server")} in ${String(ms)} ms`);
}

/** The store failed after the change. */
function cannotAsk(cause: unknown): unknown {
  if (!(cause instanceof KeysError)) return cause;
  return new KeysError("NOT_CONFIRMED", `the change was made, but the servers could not be asked: ${cause.message}`, {
    cause,
    hint: `${cause.hint}; then see: mcp-keys servers`,
  });
}

const ignore = (): void => undefined;
