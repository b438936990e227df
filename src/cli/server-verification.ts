import type { Secret } from "../core/secret.ts";
import { packageVersion } from "../package-version.ts";
import { createRandomText } from "../probe/random-text.ts";
import type { Verification } from "../probe/verify/verification.ts";
import type { Context } from "./context.ts";

/** The server to verify and the token to present. */
export interface VerificationTarget {
  readonly url: string;
  readonly token: Secret;
  /** Seconds for the whole verification. */
  readonly timeout: number;
  /** Sends the token over plain http beyond loopback. */
  readonly allowHttp: boolean;
}

/**
 * Verifies a server with the clock, the randomness and the network of this run. The probe loads on first use.
 * @throws `KeysError` `USAGE` for an unusable URL, `INTERRUPTED`
 */
export async function runVerification(
  { world }: Context,
  { url, token, timeout, allowHttp }: VerificationTarget,
): Promise<Verification> {
  const [{ verifyServer }, request] = await Promise.all([import("../probe/verify/verify.ts"), world.request()]);
  return verifyServer({
    url,
    token,
    request,
    now: world.ticks,
    random: createRandomText(world.random),
    timeoutMs: timeout * 1000,
    clientVersion: packageVersion,
    allowHttp,
    signal: world.interrupted,
  });
}
