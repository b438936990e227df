import { explainUnusable } from "../core/unusable.ts";
import { Secret } from "../core/secret.ts";
import { parseToken } from "../core/token.ts";
import { KeysError } from "../errors.ts";
import type { Context } from "./context.ts";

/** How long a silent pipe is waited for when there is `MCP_API_KEY` to fall back on. Milliseconds. */
const PATIENCE = 30_000;

/**
 * Takes the token of `check`, `verify` and `export` from where it may come: standard input, else `MCP_API_KEY`, else a
 * person. Never from an argument, which others could see in the list of processes.
 * @param mistyped - `refuse` a token whose checksum does not fit, or `judge` it as any other
 * @throws `KeysError` `INPUT_REQUIRED` when there is none; `TOKEN_UNUSABLE`, naming what is wrong with it, before anything
 * is sent or printed
 */
export async function readToken(ctx: Context, mistyped: "refuse" | "judge" = "refuse"): Promise<Secret> {
  const { text, source } = await findToken(ctx);
  const parsed = parseToken(text);
  const isJudged = mistyped === "judge" && !parsed.ok && parsed.reason === "mistyped" && /^\w+$/.test(text);
  const fault = isJudged ? null : explainUnusable(text);
  if (fault !== null) throw new KeysError("TOKEN_UNUSABLE", `the token from ${source} ${fault}`);
  ctx.io.debug(`token from ${source}`);
  return new Secret(text);
}

async function findToken({ world, io, interactive }: Context): Promise<{ text: string; source: string }> {
  const { stdin } = world.streams;
  const fromEnv = world.env["MCP_API_KEY"];
  const hasEnv = fromEnv !== undefined && fromEnv !== "";
  if (stdin.isPiped) {
    const text = await stdin.read({
      ...(hasEnv && { patience: PATIENCE }),
      onWait: () => {
        io.note("waiting for the token on standard input (close it with < /dev/null to use MCP_API_KEY)");
      },
    });
    if (text !== null && text !== "") return { text, source: "standard input" };
  }
  if (hasEnv) return { text: fromEnv, source: "MCP_API_KEY" };
  if (interactive) {
    const secret = await (await world.ask()).secret({ message: "Token:" });
    return { text: secret.reveal(), source: "the prompt" };
  }
  throw new KeysError("INPUT_REQUIRED", "no token was given", {
    hint: "pipe it in, or set MCP_API_KEY; a token is never taken as an argument, where others could see it",
  });
}
