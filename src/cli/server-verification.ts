import type { Secret } from "../core/secret.ts";
import { packageVersion } from "../package-version.ts";
import type { KeyHeader } from "../probe/mcp/key-header.ts";
import { createRandomText } from "../probe/random-text.ts";
import type { Verification } from "../probe/verify/verification.ts";
import type { Context } from "./context.ts";

/** The server to verify and the token to present. */
export interface VerificationTarget {
  readonly url: string;
  readonly token: Secret;
  /** The header that carries it. Default: `Authorization: Bearer`. */
  readonly header?: KeyHeader | undefined;
  /** Seconds for the whole verification. */
  readonly timeout: number;
  /** Whether the token may be sent over plain http beyond this machine. */
  readonly allowHttp: boolean;
  /** Whether to look for the header that the server wants, if it refuses the token. */
  readonly seekHeader?: boolean;
}

/**
 * Verifies a server with the clock, the randomness and the network of this run. The probe loads on first use.
 * @throws `KeysError` `USAGE` for an unusable URL, `INTERRUPTED`
 */
export async function runVerification(
  { world }: Context,
  { url, token, header, timeout, allowHttp, seekHeader = false }: VerificationTarget,
): Promise<Verification> {
  const [{ verifyServer }, request] = await Promise.all([import("../probe/verify/verify.ts"), world.request()]);
  return verifyServer({
    url,
    token,
    ...(header !== undefined && { header }),
    request,
    now: world.ticks,
    random: createRandomText(world.random),
    timeoutMs: timeout * 1000,
    clientVersion: packageVersion,
    allowHttp,
    seekHeader,
    signal: world.interrupted,
  });
}

/**
 * Parses the URL before a token is asked for.
 * @throws `KeysError` `USAGE`
 */
export async function parseUrl(url: string): Promise<URL> {
  const { parseServerUrl } = await import("../probe/mcp/server-url.ts");
  return parseServerUrl(url, null);
}
