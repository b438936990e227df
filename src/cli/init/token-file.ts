import { Secret } from "../../core/secret.ts";
import { KeysError } from "../../errors.ts";
import { formats } from "../../formats/index.ts";
import { mergeDotenv } from "../../formats/merge-dotenv.ts";
import { sinks } from "../../sinks/index.ts";
import type { Context } from "../context.ts";

/** The first key, and the file for its token. */
export interface FirstKey {
  readonly name: string;
  readonly file: string;
  /** Whether the file is a `.env` file, of which one variable is set. */
  readonly isDotenv: boolean;
}

export interface TokenFileOptions {
  /** Whether the file has an earlier token of the same key, which is replaced. Another token never is. */
  readonly replaces: boolean;
  /** Whether to check everything and create nothing. */
  readonly dryRun: boolean;
}

/**
 * Opens the file for the token, and returns what delivers it. A `.env` file is looked at again when the token comes, because another run may have set the variable.
 * @throws {@link KeysError} `OUTPUT_EXISTS` `DELIVERY_FAILED` `USAGE`
 */
export async function openTokenFile(
  ctx: Context,
  { file, isDotenv }: FirstKey,
  { replaces, dryRun }: TokenFileOptions,
): Promise<(token: Secret) => Promise<void>> {
  const { uid } = ctx.world;
  const sink = await (isDotenv
    ? sinks.merge(file, {
        edit: (before, text) => setToken(before, new Secret(text), { file, replaces }),
        ...{ uid, dryRun },
        warn: (line) => {
          if (dryRun) ctx.io.warn(line);
        },
      })
    : sinks.file(file, { force: replaces, uid, dryRun }));
  ctx.atEnd(() => sink.discard());
  return async (token) => {
    await sink.deliver(isDotenv ? token.reveal() : formats.token.render({ token, envName: VARIABLE }));
    // The version stays pending, and the next run replaces it.
    if (!ctx.world.interrupted.aborted) return;
    throw new KeysError("INTERRUPTED", "interrupted after the delivery", { hint: "run the same command again" });
  };
}

const VARIABLE = "MCP_API_KEY";

/** The variable may have the only copy of a token for another server. */
function setToken(before: string, token: Secret, { file, replaces }: { file: string; replaces: boolean }): string {
  const set = (value: Secret) => mergeDotenv(before, { envName: VARIABLE, token: value, source: file });
  // Only an empty value, or none, makes room for another character.
  if (replaces || set(new Secret("x")).length > before.length) return set(token);
  throw new KeysError("OUTPUT_EXISTS", `${file} already sets ${VARIABLE}`, {
    hint: "move that token to another variable, or leave out --dotenv to write the new one to <name>.key",
  });
}
