import type { EndProof } from "../../core/evidence.ts";
import type { Version } from "../../core/key.ts";
import type { Secret } from "../../core/secret.ts";
import { currentVersion } from "../../core/status.ts";
import { KeysError } from "../../errors.ts";
import { retiringOf } from "../../keys/rotate.ts";
import type { Context } from "../context.ts";
import { proveEverywhere, readUrls, type ProofFlags } from "../token-proof.ts";
import { readToken, readTokenVariable } from "../token-source.ts";

/**
 * Gathers the evidence for `rotate --finish` at servers that do not report: each accepts the current token, and with
 * `--old-token-env` refuses the old one. `undefined` without `--verify` and `--verify-all`, and without an old version to end.
 * @throws `KeysError` `INSECURE_TRANSPORT`, `USAGE`, `INPUT_REQUIRED`, `TOKEN_UNUSABLE`; `TOKEN_REFUSED` for a token that is not the
 * one it should be, or that a server refuses; `ROTATION_UNPROVEN` if a server accepts the old token; `SERVER_UNPROTECTED`,
 * `SERVER_UNREACHABLE`, `SERVER_NOT_MCP`
 */
export async function proveEnd(ctx: Context, ref: string, flags: ProofFlags): Promise<EndProof | undefined> {
  if (flags.verify === undefined && flags.verifyAll === undefined) return undefined;
  const urls = await readUrls(flags);
  const key = await (await ctx.keys()).get(ref);
  const ending = retiringOf(key, ctx.world.now());
  const current = currentVersion(key);
  if (ending.length === 0 || current === undefined) return undefined;
  const old = flags.oldTokenEnv === undefined ? null : readOldToken(ctx, flags.oldTokenEnv);
  const token = await readToken(ctx, "refuse", "current token");
  await requireVersionOf(ctx, token, [current], `the token is not the current one of ${key.name}`);
  const what = `the token in ${flags.oldTokenEnv ?? ""} is not the old one of ${key.name}`;
  const ended = old === null ? null : await requireVersionOf(ctx, old, ending, what);
  await proveEverywhere(ctx, urls, { ...flags, token, which: "current", isDelivered: true });
  if (old === null || ended === null) return { accepted: true, refused: [] };
  await proveEverywhere(ctx, urls, { ...flags, token: old, which: "retiring", isDelivered: true });
  return { accepted: true, refused: [ended] };
}

function readOldToken(ctx: Context, name: string): Secret {
  return readTokenVariable(ctx, name, { flag: "--old-token-env", what: "the old token" });
}

/** Returns the number of the version that a token belongs to, which must be one of `versions`. */
async function requireVersionOf(
  ctx: Context,
  token: Secret,
  versions: readonly Version[],
  what: string,
): Promise<number> {
  const { version } = (await (await ctx.keys()).check(token.reveal())) as { version?: Version };
  const found = versions.find(({ n, digest }) => n === version?.n && digest === version.digest);
  if (found !== undefined) return found.n;
  throw new KeysError("TOKEN_REFUSED", what, {
    hint: "pipe in the current token or set MCP_API_KEY; the old one belongs in the variable of --old-token-env",
  });
}
