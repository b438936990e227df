import { Command, Option } from "commander";
import { count } from "../../core/count.ts";
import { parseDigestLines } from "../../core/digest-lines.ts";
import { parseExpiry } from "../../core/duration.ts";
import { keyStatus } from "../../core/status.ts";
import { KeysError } from "../../errors.ts";
import type { CommandModule, Context } from "../context.ts";
import { expiryText, warnIfShort } from "../expiry.ts";
import { keyJson } from "../json.ts";
import { addKeyFlags, DEFAULT_EXPIRY, readKeySettings, warnIfMemory, type KeyFlags } from "../new-key.ts";
import { decodeInput } from "../terminal/decode-input.ts";
import { keyLabel } from "../terminal/render.ts";
import { readAtMost } from "../read-at-most.ts";
import { readGivenToken, TOKEN_ENV, type GivenTokenFlags } from "../token-source.ts";
import { warnIfWeak } from "../weak.ts";

interface ImportFlags extends KeyFlags, GivenTokenFlags {
  readonly allowWeak?: boolean;
  readonly digests?: string;
}

/** Bytes of `--digests`: above this, a store does not take all keys in one change. */
const DIGESTS_LIMIT = 32 * 1024 * 1024;

export const importKeys: CommandModule = {
  examples: [
    "mcp-keys import shared --token-env MCP_API_KEY      # the key that your clients already have",
    "mcp-keys import shared --expires 30d < ./old.key",
    "mcp-keys import --digests ./export.jsonl            # keys of another system, by the SHA-256 of their tokens",
  ],
  build: (open) =>
    addKeyFlags(
      new Command("import")
        .description(
          "Stores the digest of an existing token as a key, so clients keep working while you replace it with: mcp-keys rotate. " +
            "Reads the token from standard input or the variable of --token-env, else prompts. Prints nothing.",
        )
        .argument("[name]", "name of the key, for example shared (default: `default`)"),
    )
      .option(TOKEN_ENV, "the variable with the token")
      .option("--allow-weak", "import a token that can be guessed, and mark it as weak")
      .addOption(
        new Option("--digests <file>", "import one key per line of this file, or of standard input with -").conflicts([
          ...["scope", "audience", "owner", "note", "tag", "tokenEnv", "allowWeak"],
        ]),
      )
      .action((name: string | undefined, flags: ImportFlags) =>
        flags.digests === undefined
          ? runImport(open(), name, flags)
          : runImportDigests(open(), name, flags.digests, flags.expires),
      ),
};

async function runImport(ctx: Context, name: string | undefined, flags: ImportFlags): Promise<void> {
  const { io, world } = ctx;
  const settings = await readKeySettings(ctx, name, flags);
  const keys = await ctx.keys();
  const token = await readGivenToken(ctx, flags);
  const key = await keys.import({ ...settings, token: token.reveal(), allowWeak: flags.allowWeak === true });
  const now = world.now();
  if (ctx.flags.json) await io.json({ keys: [keyJson(key, now)] });
  io.note(`imported ${keyLabel(key)}; ${expiryText(settings.expiresAt, now)}; its token works as before`);
  await warnIfMemory(ctx);
  warnIfWeak(ctx, [key]);
  warnIfShort(io, key.name, settings.expiresAt, now);
  io.next(`mcp-keys rotate ${key.name}`);
}

async function runImportDigests(ctx: Context, name: string | undefined, file: string, expires = DEFAULT_EXPIRY) {
  if (name !== undefined) {
    throw new KeysError("USAGE", "--digests takes no name: each line has its own", { hint: "remove the name" });
  }
  const now = ctx.world.now();
  const lines = parseDigestLines(await readDigests(ctx, file), parseExpiry(expires, now));
  if (lines.length === 0) {
    throw new KeysError("USAGE", "the input of --digests is empty", {
      hint: 'write one JSON object a line: {"name": "ci", "sha256": "…"}',
    });
  }
  const imported = await (await ctx.keys()).importDigests(lines);
  if (ctx.flags.json) await ctx.io.json({ keys: imported.map((key) => keyJson(key, now)) });
  const ended = imported.filter((key) => keyStatus(key, now) === "expired").length;
  ctx.io.note(`imported ${count(imported.length, "key")}${ended === 0 ? "" : `; ${String(ended)} already expired`}`);
  await warnIfMemory(ctx);
}

async function readDigests({ world, io }: Context, file: string): Promise<string> {
  if (file === "-") {
    const onWait = () => io.note("waiting for digests on standard input");
    return (await world.streams.stdin.read({ onWait, limit: DIGESTS_LIMIT })) ?? "";
  }
  try {
    const bytes = await readAtMost(file, DIGESTS_LIMIT);
    if (bytes === null) {
      throw new KeysError("USAGE", "the file of --digests is longer than 32 MiB", {
        hint: "split it into several files and import them one after the other",
      });
    }
    return decodeInput(bytes, "the file of --digests");
  } catch (cause) {
    if (cause instanceof KeysError) throw cause;
    throw new KeysError("USAGE", "cannot read the file of --digests", { hint: "check its path and mode", cause });
  }
}
