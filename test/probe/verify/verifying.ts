import { onTestFinished } from "vitest";
import { createHttpRequest } from "../../../src/http/client.ts";
import { Secret } from "../../../src/core/secret.ts";
import { formatToken } from "../../../src/core/token.ts";
import { verifyServer, type VerifyOptions } from "../../../src/probe/verify/verify.ts";
import type { Verification } from "../../../src/probe/verify/verification.ts";
import type { Running } from "../../servers/listen.ts";

/** A token in our format that no store contains. */
export const TOKEN = formatToken({
  prefix: "mcp",
  id: "7Fq2x9Lm0aBc",
  secret: "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg",
});

/** Another one. */
export const SECOND_TOKEN = formatToken({
  prefix: "mcp",
  id: "8Gr3yAMn1bCd",
  secret: "gfedcbaZYXWVUTSRQPONMLKJIHGFEDCBA9876543210",
});

/** Verifies with the real HTTP client. The bogus key is the same each time. */
export function verify(
  url: string,
  token: Secret | string = TOKEN,
  more: Partial<VerifyOptions> = {},
): Promise<Verification> {
  return verifyServer({
    url,
    token: typeof token === "string" ? new Secret(token) : token,
    request: createHttpRequest(),
    now: () => performance.now(),
    random: (length) => "bogus62".repeat(length).slice(0, length),
    timeoutMs: 5000,
    clientVersion: "0.0.0-test",
    ...more,
  });
}

/**
 * Starts a server that stops with the test.
 * @param finished - The `onTestFinished` of the test's context, which concurrent tests have to pass.
 */
export async function during<T extends Running>(
  starting: Promise<T>,
  finished: (stop: () => Promise<void>) => void = onTestFinished,
): Promise<T> {
  const running = await starting;
  finished(() => running.close());
  return running;
}
