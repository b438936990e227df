import type { Secret } from "../core/secret.ts";
import { KeysError, type Code } from "../errors.ts";
import { packageVersion } from "../package-version.ts";
import type { KeyHeader } from "../probe/mcp/key-header.ts";
import { sleep } from "../probe/mcp/sleep.ts";
import { createRandomText } from "../probe/random-text.ts";
import type { Outcome, Verification } from "../probe/verify/verification.ts";
import type { Context } from "./context.ts";

/** Pause between two attempts. Milliseconds. */
const PAUSE = 500;
/** Time limit for one attempt. Seconds. */
const ATTEMPT_TIMEOUT = 10;

/** Outcomes that do not change with time. */
const FINAL: Partial<Record<Outcome, true>> = { "not-enforced": true, "insecure-transport": true };

const FAILURES = {
  refused: ["TOKEN_REFUSED", "the server refuses the new token; the old one stays current"],
  forbidden: [
    "TOKEN_REFUSED",
    "the server accepts the new token but forbids what it asks for; the old one stays current",
  ],
  "not-enforced": [
    "SERVER_UNPROTECTED",
    "the server accepts any token, which proves nothing; the old token stays current",
  ],
  unreachable: ["SERVER_UNREACHABLE", "the server did not answer; the old token stays current"],
  "not-mcp": ["SERVER_NOT_MCP", "the URL does not lead to an MCP server; the old token stays current"],
  "server-error": ["SERVER_UNREACHABLE", "the server failed; the old token stays current"],
  "insecure-transport": ["INSECURE_TRANSPORT", "the new token is not sent over plain http"],
} as const satisfies Record<Exclude<Outcome, "enforced">, readonly [Code, string]>;

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
}

/**
 * Verifies a server with the clock, the randomness and the network of this run. The probe loads on first use.
 * @throws `KeysError` `USAGE` for an unusable URL, `INTERRUPTED`
 */
export async function runVerification(
  { world }: Context,
  { url, token, header, timeout, allowHttp }: VerificationTarget,
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
    signal: world.interrupted,
  });
}

/**
 * Returns the proof step of a rotation. It presents the new token until the server accepts it and refuses everything else, or
 * until `patience` (seconds) runs out. The URL is checked now, before anything is staged.
 * @throws `KeysError` `INSECURE_TRANSPORT`, `USAGE`; the returned step throws `TOKEN_REFUSED`, `SERVER_UNPROTECTED`,
 * `SERVER_UNREACHABLE` or `SERVER_NOT_MCP`, depending on the last attempt
 */
export async function openTokenProof(
  ctx: Context,
  url: string,
  { patience, header, allowHttp = false }: { patience: number; header?: KeyHeader; allowHttp?: boolean },
): Promise<(token: Secret) => Promise<void>> {
  await checkUrl(url, allowHttp);
  return async (token) => {
    const end = ctx.world.ticks() + patience * 1000;
    for (;;) {
      const { outcome, hint } = await runVerification(ctx, { url, token, header, timeout: ATTEMPT_TIMEOUT, allowHttp });
      if (outcome === "enforced") return;
      const isFinal = FINAL[outcome] ?? ctx.world.ticks() + PAUSE >= end;
      if (isFinal) throw failureOf(outcome, hint);
      ctx.io.debug(`outcome: ${outcome}; trying again`);
      await sleep(PAUSE, ctx.world.interrupted);
    }
  };
}

/**
 * Parses the URL before a token is asked for.
 * @throws `KeysError` `USAGE`
 */
export async function parseUrl(url: string): Promise<URL> {
  const { parseServerUrl } = await import("../probe/mcp/server-url.ts");
  return parseServerUrl(url, null);
}

async function checkUrl(url: string, allowHttp: boolean): Promise<void> {
  const { isLoopback } = await import("../probe/mcp/server-url.ts");
  const parsed = await parseUrl(url);
  if (parsed.protocol === "http:" && !allowHttp && !isLoopback(parsed)) {
    throw new KeysError("INSECURE_TRANSPORT", "the new token is not sent over plain http to another machine");
  }
}

function failureOf(outcome: Exclude<Outcome, "enforced">, hint: string | undefined): KeysError {
  const [code, message] = FAILURES[outcome];
  const next = "run the same command again, or give up the new token with --abort; both tokens work until then";
  return new KeysError(code, message, { hint: hint === undefined ? next : `${hint}; then ${next}` });
}
