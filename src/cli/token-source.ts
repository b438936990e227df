import { Secret } from "../core/secret.ts";
import { explainUnusable, parseToken } from "../core/token.ts";
import { KeysError } from "../errors.ts";
import type { KeyHeader } from "../probe/mcp/key-header.ts";
import type { Context } from "./context.ts";

/** Milliseconds to wait for a silent pipe when `MCP_API_KEY` is there to fall back on. */
const PATIENCE = 30_000;

/**
 * Reads the token of `check`, `verify`, `test` and `export` from standard input, else `MCP_API_KEY`, else a prompt. Never from
 * an argument: other users could see it in the process list.
 * @param mistyped - `refuse` a token with a wrong checksum, or `judge` it like any other
 * @param name - what to call it where the user may have several
 * @param header - the header that will carry it
 * @throws `KeysError` `INPUT_REQUIRED` without a token; `TOKEN_UNUSABLE` for a malformed one, before it is sent or printed
 */
export async function readToken(
  ctx: Context,
  mistyped: "refuse" | "judge" = "refuse",
  name: "token" | "current token" = "token",
  header?: KeyHeader,
): Promise<Secret> {
  return usable(ctx, await findToken(ctx, name), mistyped, header);
}

function usable(ctx: Context, { text, source }: FoundToken, mistyped: "refuse" | "judge", header?: KeyHeader): Secret {
  const parsed = parseToken(text);
  const isMistyped = !parsed.ok && parsed.reason === "mistyped" && /^\w+$/.test(text);
  const fault = isMistyped && mistyped === "judge" ? null : explainForHeader(text, header);
  if (fault !== null) {
    throw new KeysError("TOKEN_UNUSABLE", `the token ${source} ${fault}`, {
      ...(isMistyped && { hint: "copy the whole token again; if it is lost, replace it with: mcp-keys rotate <key>" }),
    });
  }
  ctx.io.debug(`token ${source}`);
  return new Secret(text);
}

/** A header without a scheme carries any text, also one with spaces inside. A copied `Bearer` is still a mistake. */
function explainForHeader(text: string, header: KeyHeader | undefined): string | null {
  const isWhole = header?.scheme === null && /^[\x21-\x7e]+(?: +[\x21-\x7e]+)*$/.test(text);
  const fault = explainUnusable(text);
  return isWhole && fault?.startsWith("contains ") === true ? null : fault;
}

/**
 * Reads a token from the variable that a flag names.
 * @throws `KeysError` `USAGE` if the flag does not name a variable; `INPUT_REQUIRED`, `TOKEN_UNUSABLE`
 */
export function readTokenVariable(
  ctx: Context,
  name: string,
  { flag, what, header }: { readonly flag: string; readonly what: string; readonly header?: KeyHeader | undefined },
  mistyped: "refuse" | "judge" = "refuse",
): Secret {
  if (!/^[A-Za-z_]\w{0,127}$/.test(name)) {
    throw new KeysError("USAGE", `${flag} takes the name of a variable, not a key`, {
      hint: `for example: ${flag} MCP_API_KEY_2`,
    });
  }
  const text = ctx.world.env[name] ?? "";
  if (text === "") {
    throw new KeysError("INPUT_REQUIRED", `${name} is not set`, { hint: `put ${what} in ${name}, or remove ${flag}` });
  }
  return usable(ctx, { text, source: `in ${name}` }, mistyped, header);
}

export const TOKEN_ENV = "--token-env <name>";

export interface GivenTokenFlags {
  readonly tokenEnv?: string;
}

/**
 * Reads the token of `import` and `revoke --token` from the variable of `--token-env`, else standard input, else a prompt. Not from
 * `MCP_API_KEY` unless it is named: these commands change what the token is worth.
 * @param mistyped - as for {@link readToken}
 * @throws `KeysError` `INPUT_REQUIRED`, `TOKEN_UNUSABLE`, `USAGE`
 */
export async function readGivenToken(
  ctx: Context,
  { tokenEnv }: GivenTokenFlags,
  mistyped: "refuse" | "judge" = "refuse",
): Promise<Secret> {
  if (tokenEnv !== undefined) {
    return readTokenVariable(ctx, tokenEnv, { flag: "--token-env", what: "the token" }, mistyped);
  }
  const found = (await pipedToken(ctx)) ?? (await promptedToken(ctx));
  if (found !== null) return usable(ctx, found, mistyped);
  throw new KeysError("INPUT_REQUIRED", "no token was given", {
    hint: "pipe it in, or name its variable with --token-env; a token is never an argument, because other users could see it",
  });
}

interface FoundToken {
  readonly text: string;
  /** Completes "the token …" in messages. */
  readonly source: string;
}

async function findToken(ctx: Context, name: string): Promise<FoundToken> {
  const fromEnv = ctx.world.env["MCP_API_KEY"] ?? "";
  const piped = await pipedToken(ctx, fromEnv !== "");
  if (piped !== null) return piped;
  if (fromEnv !== "") return { text: fromEnv, source: "from MCP_API_KEY" };
  const prompted = await promptedToken(ctx, name);
  if (prompted !== null) return prompted;
  throw new KeysError("INPUT_REQUIRED", `no ${name} was given`, {
    hint: "pipe it in or set MCP_API_KEY; a token is never an argument, because other users could see it",
  });
}

async function pipedToken({ world, io }: Context, hasEnv = false): Promise<FoundToken | null> {
  const { stdin } = world.streams;
  if (!stdin.isPiped) return null;
  const text = await stdin.read({
    ...(hasEnv && { patience: PATIENCE }),
    onWait: () => {
      io.note(`waiting for a token on standard input${hasEnv ? " (add < /dev/null to use MCP_API_KEY)" : ""}`);
    },
  });
  return text === null || text === "" ? null : { text, source: "from standard input" };
}

async function promptedToken(ctx: Context, name = "token"): Promise<FoundToken | null> {
  if (!ctx.interactive) return null;
  const secret = await (
    await ctx.prompts()
  ).secret({ message: `${name.replace(/^./, (first) => first.toUpperCase())}:` });
  return { text: secret.reveal(), source: "from the prompt" };
}
