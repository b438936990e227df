import type { Command } from "commander";
import { maskCommand } from "../../core/find-token.ts";
import { shellQuote } from "../../core/shell-quote.ts";
import { KeysError } from "../../errors.ts";
import type { Context } from "../context.ts";
import { openKeyset, type KeysetFlags } from "../export-keyset.ts";
import { commandFlag } from "../flags.ts";
import { publishNewest } from "./publish-newest.ts";
import { openStepCommand } from "./step-command.ts";

/** The flags for servers that read a keyset. */
export interface PublishFlags extends KeysetFlags {
  readonly publish?: readonly string[];
  readonly grace: number;
}

/**
 * Gives the keyset of the whole store to each command.
 * @param isDelivered - whether the token was delivered, so the same command again would not only publish
 */
export type Publish = ((isDelivered?: boolean) => Promise<void>) | undefined;

/** Adds `--publish`, and the flags for its keyset. */
export function addPublishFlags(command: Command): Command {
  return command
    .addOption(
      commandFlag(
        "--publish <command>",
        "pass a keyset of all keys to a command, before the token is delivered and after each change; repeatable",
      ),
    )
    .option("--no-names", "leave the names of the keys out of the keyset")
    .option("--sign-with <file>", "sign the keyset with this Ed25519 private key (PEM)")
    .option("--base64url", "encode the keyset, for a platform that does not allow quotes in a variable");
}

/**
 * Checks the `--publish` commands and the signing key, and returns the step that runs the commands in order; `undefined` without any.
 * If one fails, the others still get the keyset.
 * @throws {@link KeysError} `PUBLISH_FAILED`, as the step does; `USAGE`, `STORE_INSECURE`
 */
export async function openPublish(ctx: Context, flags: PublishFlags): Promise<Publish> {
  const { publish = [], grace } = flags;
  if (publish.length === 0) return undefined;
  const make = await openKeyset(ctx, [], flags);
  const commands: ((text: string) => Promise<void>)[] = [];
  for (const command of publish) {
    commands.push(
      await openStepCommand(ctx, { flag: "--publish", command, input: "keyset", code: "PUBLISH_FAILED", grace }),
    );
  }
  return async (isDelivered = false) => {
    await notePublished(ctx);
    const store = await ctx.store();
    const isNewest = await publishNewest(store, async () => {
      const { text, seq } = await make();
      const failures = await runAll(commands, text);
      // A promoted version stays so, and its keyset has been published.
      if (ctx.world.interrupted.aborted && !isDelivered)
        throw new KeysError("INTERRUPTED", "interrupted after --publish");
      if (failures.length > 0) throw describe(failures, isDelivered ? publishAgain(flags, store.spec) : undefined);
      return seq;
    });
    if (!isNewest)
      ctx.io.warn(
        "the store changed during every publication, so the last keyset may be out of date; does --publish change it?",
      );
  };
}

/** Seconds: a note that is younger than this is not written again. */
const NOTED = 86_400;

/** Notes in the store that servers read keysets, so `--finish` asks for their reports. */
export async function notePublished(ctx: Context): Promise<void> {
  const store = await ctx.store();
  const now = ctx.world.now();
  const { publishedAt } = await store.usage();
  if (publishedAt === null || publishedAt + NOTED <= now) await store.touch([], { publishedAt: now });
}

/** Runs every command. Returns their failures, and throws every other error. */
async function runAll(commands: readonly ((text: string) => Promise<void>)[], text: string): Promise<KeysError[]> {
  const failures: KeysError[] = [];
  for (const run of commands) {
    await run(text).catch((error: unknown) => {
      if (!(error instanceof KeysError) || error.code !== "PUBLISH_FAILED") throw error;
      failures.push(error);
    });
  }
  return failures;
}

function describe(failures: readonly KeysError[], hint: string | undefined): KeysError {
  const [first] = failures;
  const wanted = hint ?? first?.hint;
  return new KeysError("PUBLISH_FAILED", failures.map(({ message }) => message).join("; "), {
    cause: first,
    ...(wanted !== undefined && { hint: wanted }),
  });
}

/** The command that only publishes. It names the store, because the keyset of another one would lock out every client. */
function publishAgain({ publish = [], names, signWith, base64url }: PublishFlags, store: string): string {
  const flags = [
    ...(store.includes("://") ? [] : [`--store ${shellQuote(store)}`]),
    ...publish.map((command) => `--to ${shellQuote(maskCommand(command))}`),
    ...(names ? [] : ["--no-names"]),
    ...(signWith === undefined ? [] : [`--sign-with ${shellQuote(signWith)}`]),
    ...(base64url === true ? ["--base64url"] : []),
  ];
  return `publish it with: mcp-keys export --keyset ${flags.join(" ")}`;
}
