import { Secret } from "../core/secret.ts";
import { explainUnusable, parseToken } from "../core/token.ts";
import { KeysError } from "../errors.ts";
import type { Context } from "./context.ts";

/** Milliseconds to wait for a silent pipe when `MCP_API_KEY` is there to fall back on. */
const PATIENCE = 30_000;

/**
 * Reads the token of `check`, `verify`, `test` and `export` from standard input, else `MCP_API_KEY`, else a prompt. Never from
 * an argument: other users could see it in the process list.
 * @param mistyped - `refuse` a token with a wrong checksum, or `judge` it like any other
 * @throws `KeysError` `INPUT_REQUIRED` without a token; `TOKEN_UNUSABLE` for a malformed one, before it is sent or printed
 */
export async function readToken(ctx: Context, mistyped: "refuse" | "judge" = "refuse"): Promise<Secret> {
  const { text, source } = await findToken(ctx);
  const parsed = parseToken(text);
  const isMistyped = !parsed.ok && parsed.reason === "mistyped" && /^\w+$/.test(text);
  const fault = isMistyped && mistyped === "judge" ? null : explainUnusable(text);
  if (fault !== null) {
    throw new KeysError("TOKEN_UNUSABLE", `the token from ${source} ${fault}`, {
      ...(isMistyped && { hint: "copy the whole token again; if it is lost, replace it with: mcp-keys rotate <key>" }),
    });
  }
  ctx.io.debug(`token from ${source}`);
  return new Secret(text);
}

/**
 * Reads a token from the variable that a flag names.
 * @throws `KeysError` `USAGE` if the flag does not name a variable; `INPUT_REQUIRED`, `TOKEN_UNUSABLE`
 */
export function readTokenVariable(
  { world }: Context,
  name: string,
  { flag, what }: { readonly flag: string; readonly what: string },
): Secret {
  if (!/^[A-Za-z_]\w{0,127}$/.test(name)) {
    throw new KeysError("USAGE", `${flag} takes the name of a variable, not a key`, {
      hint: `for example: ${flag} MCP_API_KEY_2`,
    });
  }
  const text = world.env[name] ?? "";
  if (text === "") {
    throw new KeysError("INPUT_REQUIRED", `${name} is not set`, { hint: `put ${what} in ${name}, or remove ${flag}` });
  }
  const fault = explainUnusable(text);
  if (fault !== null) throw new KeysError("TOKEN_UNUSABLE", `the token in ${name} ${fault}`);
  return new Secret(text);
}

async function findToken(ctx: Context): Promise<{ text: string; source: string }> {
  const { world, io, interactive } = ctx;
  const { stdin } = world.streams;
  const fromEnv = world.env["MCP_API_KEY"];
  const hasEnv = fromEnv !== undefined && fromEnv !== "";
  if (stdin.isPiped) {
    const text = await stdin.read({
      ...(hasEnv && { patience: PATIENCE }),
      onWait: () => {
        io.note(`waiting for a token on standard input${hasEnv ? " (add < /dev/null to use MCP_API_KEY)" : ""}`);
      },
    });
    if (text !== null && text !== "") return { text, source: "standard input" };
  }
  if (hasEnv) return { text: fromEnv, source: "MCP_API_KEY" };
  if (interactive) {
    const secret = await (await ctx.prompts()).secret({ message: "Token:" });
    return { text: secret.reveal(), source: "the prompt" };
  }
  throw new KeysError("INPUT_REQUIRED", "no token was given", {
    hint: "pipe it in or set MCP_API_KEY; a token is never an argument, because other users could see it",
  });
}
