import type { Secret } from "../../core/secret.ts";
import { CODES, KeysError } from "../../errors.ts";
import { isLoopback, parseServerUrl } from "../mcp/server-url.ts";
import { isConversation, type Attempt } from "./attempt.ts";
import { createBogusKey } from "./bogus-key.ts";
import { createRedact, type Redact } from "../mcp/redact.ts";
import type { Greeting } from "../mcp/conversation.ts";
import { BEARER, bogusKey, rightKey, type Credentials } from "../mcp/credentials.ts";
import { adviseOn } from "./advise.ts";
import { outcomeOf } from "./outcome.ts";
import { presentAll } from "./present.ts";
import { headerOf, type HttpRequest } from "../../http/http.ts";
import type { AttemptSummary, Verification } from "./verification.ts";
import { Wire } from "../mcp/wire.ts";

export interface VerifyOptions {
  /** The address of the server as it was typed. Never quoted in an error. */
  readonly url: string;
  /** Sent to the origin of `url` alone. */
  readonly token: Secret;
  readonly request: HttpRequest;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  /** That many random characters of `[0-9A-Za-z]`, for the bogus key. */
  readonly random: (length: number) => string;
  /** Milliseconds for everything together. */
  readonly timeoutMs: number;
  /** The version of mcp-keys, as servers are told it. */
  readonly clientVersion: string;
  /** Send the token over plain http beyond loopback as well. */
  readonly allowHttp?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Proves from outside whether a server lets this key in, and nothing else. Your key finds out what the server speaks; then
 * the same request goes out without a key and with a bogus one, each in a conversation of its own, also when yours was
 * refused. Whatever the server does is an outcome, not a fault.
 * @throws {@link KeysError} `USAGE` for an address that cannot be used, `TOKEN_UNUSABLE`, `INTERRUPTED`.
 */
export async function verifyServer(options: VerifyOptions): Promise<Verification> {
  const { token, now, timeoutMs, allowHttp = false } = options;
  if (!/^[\x21-\x7e]+$/.test(token.reveal())) {
    throw new KeysError("TOKEN_UNUSABLE", "the token holds a character that no header can carry");
  }
  const url = parseServerUrl(options.url, token);
  if (url.protocol === "http:" && !allowHttp && !isLoopback(url)) {
    const { hint } = CODES.INSECURE_TRANSPORT;
    const nothing = { anonymous: null, bogus: null, presented: null };
    return { ok: false, url: url.href, outcome: "insecure-transport", ...nothing, hint };
  }

  const bogus = createBogusKey(token, options.random);
  const redact = createRedact([token, bogus]);
  const deadline = now() + timeoutMs;
  const wire = (credentials: Credentials): Wire =>
    new Wire({ ...options, timeoutMs: undefined, url, credentials, deadline });

  const attempts = await presentAll(wire, { key: rightKey(BEARER, token), bogus: bogusKey(BEARER, bogus) });
  const { real, anonymous, bogus: fake } = attempts;
  const outcome = outcomeOf(attempts);
  const found = [real, anonymous, fake].filter((one) => isConversation(one)).find(({ server }) => server !== null);
  return {
    ok: outcome === "enforced",
    url: url.href,
    outcome,
    ...describe(found?.server ?? null, redact),
    tools: isConversation(real) ? real.tools : undefined,
    anonymous: presentationOf(anonymous, redact),
    bogus: presentationOf(fake, redact),
    presented: presentationOf(real, redact),
    hint: adviseOn(attempts, { url, redact }),
  };
}

function presentationOf(one: Attempt | undefined, redact: Redact): AttemptSummary | null {
  if (!isConversation(one)) return null;
  const { status, ms } = one.answer;
  const challenge = headerOf(one.answer, "www-authenticate");
  return challenge === undefined ? { status, ms } : { status, challenge: redact(challenge), ms };
}

function describe(server: Greeting | null, redact: Redact): Pick<Verification, "era" | "protocolVersion" | "server"> {
  if (server === null) return {};
  const { era, protocolVersion, name, version } = server;
  const about = name === undefined ? {} : { server: { name: redact(name, 100), version: redact(version ?? "", 100) } };
  return { era, protocolVersion: redact(protocolVersion, 32), ...about };
}
