import type { Secret } from "../core/secret.ts";
import { KeysError, type Code } from "../errors.ts";
import { packageVersion } from "../package-version.ts";
import { createRandomText } from "../probe/random-text.ts";
import type { Outcome, Verification } from "../probe/verify/verification.ts";
import type { Context } from "./context.ts";

/** Between two tries of a token that the server does not know yet. Milliseconds. */
const PAUSE = 500;
/** For one try. Seconds. */
const TRY_TIMEOUT = 10;

interface Target {
  readonly url: string;
  readonly token: Secret;
  /** Seconds. */
  readonly timeout: number;
  readonly allowHttp: boolean;
}

/** Runs `verify` with the clock, the chance and the network of this run. The probe is loaded on first use. */
export async function probeServer(
  { world }: Context,
  { url, token, timeout, allowHttp }: Target,
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

/**
 * The proof of a rotation: tries the new token until the server lets it in, and nothing else in, or the patience ends.
 * The address is checked at once, before anything is staged.
 * @returns throws `TOKEN_REFUSED`, `DOOR_OPEN`, `SERVER_UNREACHABLE`, `SERVER_NOT_MCP` as the last try ended
 */
export async function openProof(
  ctx: Context,
  url: string,
  { patience, allowHttp = false }: { patience: number; allowHttp?: boolean },
): Promise<(token: Secret) => Promise<void>> {
  await checkAddress(url, allowHttp);
  return async (token) => {
    const end = ctx.world.ticks() + patience * 1000;
    for (;;) {
      const { outcome, hint } = await probeServer(ctx, { url, token, timeout: TRY_TIMEOUT, allowHttp });
      if (outcome === "enforced") return;
      const final = FINAL[outcome] ?? ctx.world.ticks() + PAUSE >= end;
      if (final) throw unproven(outcome, hint);
      ctx.io.debug(`the server answers: ${outcome}; trying again`);
      await pause(ctx.world.interrupted);
    }
  };
}

async function checkAddress(url: string, allowHttp: boolean): Promise<void> {
  const { isLoopback, parseServerUrl } = await import("../probe/mcp/server-url.ts");
  const address = parseServerUrl(url, null);
  if (address.protocol === "http:" && !allowHttp && !isLoopback(address)) {
    throw new KeysError("INSECURE_TRANSPORT", "the new token is not sent over plain http beyond this machine");
  }
}

/** Outcomes that waiting does not mend. */
const FINAL: Partial<Record<Outcome, true>> = { "not-enforced": true, "insecure-transport": true };

const UNPROVEN = {
  refused: ["TOKEN_REFUSED", "the server refuses the new token; the old one stays current"],
  forbidden: ["TOKEN_REFUSED", "the server lets the new token in but not that far; the old one stays current"],
  "not-enforced": ["DOOR_OPEN", "the server lets anybody in, which proves nothing; the old token stays current"],
  unreachable: ["SERVER_UNREACHABLE", "the server did not answer; the old token stays current"],
  "not-mcp": ["SERVER_NOT_MCP", "what answers there is not an MCP server; the old token stays current"],
  "server-error": ["SERVER_UNREACHABLE", "the server failed; the old token stays current"],
  "insecure-transport": ["INSECURE_TRANSPORT", "the new token is not sent over plain http"],
} as const satisfies Record<Exclude<Outcome, "enforced">, readonly [Code, string]>;

function unproven(outcome: Exclude<Outcome, "enforced">, hint: string | undefined): KeysError {
  const [code, message] = UNPROVEN[outcome];
  const next = "both tokens work; run the same command again, or give the new one up with --abort";
  return new KeysError(code, message, { hint: hint === undefined ? next : `${hint}; ${next}` });
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, PAUSE);
    signal.addEventListener("abort", done);
  });
}
