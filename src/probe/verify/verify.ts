import type { Secret } from "../../core/secret.ts";
import { CODES } from "../../errors.ts";
import { isExposed, parseServerUrl } from "../mcp/server-url.ts";
import { secretsIn } from "../judge/key-shape.ts";
import { isAccepted, isConversation, type Attempt } from "./attempt.ts";
import { createBogusKey } from "./bogus-key.ts";
import { createRedactor, type Redact } from "../../core/redact.ts";
import type { Greeting } from "../mcp/conversation.ts";
import { carryKey } from "../mcp/carried-key.ts";
import { BEARER, type KeyHeader } from "../mcp/key-header.ts";
import { bogusKey, validKey, wrongKey, type PresentedKey } from "../mcp/presented-key.ts";
import { changeMiddle } from "../judge/mutations.ts";
import { findHeader } from "./find-header.ts";
import { adviseOn } from "./advise.ts";
import { outcomeOf } from "./outcome.ts";
import { presentAll } from "./present.ts";
import { headerOf, type HttpRequest } from "../../http/http.ts";
import type { RandomText } from "../random-text.ts";
import type { AttemptSummary, Verification } from "./verification.ts";
import { Wire } from "../mcp/wire.ts";

export interface VerifyOptions {
  /** URL of the server as typed. Errors never quote it. */
  readonly url: string;
  /** Sent only to the origin of `url`. */
  readonly token: Secret;
  /** Header that carries the token and the bogus key. Default: {@link BEARER}. */
  readonly header?: KeyHeader;
  readonly request: HttpRequest;
  /** Monotonic clock, in milliseconds. */
  readonly now: () => number;
  /** For the bogus key. */
  readonly random: RandomText;
  /** Milliseconds for all requests together. */
  readonly timeoutMs: number;
  /** Version of mcp-keys, sent to the server. */
  readonly clientVersion: string;
  /** Allow plain http beyond loopback. */
  readonly allowHttp?: boolean;
  /** If the server refuses the key, look for the header in which it accepts it. Takes up to 40 more requests. */
  readonly seekHeader?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Tests from the outside whether a server accepts this key and nothing else. First negotiates the protocol with your key, then sends
 * the same request without a key, with a bogus one and with yours changed in the middle, and without a key in the other eras, even if yours was refused. Everything the server does is an outcome, not an
 * error.
 * @throws `KeysError` `USAGE` for an unusable URL, `TOKEN_UNUSABLE`, `INTERRUPTED`
 */
export async function verifyServer(options: VerifyOptions): Promise<Verification> {
  const { now, timeoutMs } = options;
  const { header, key: token } = carryKey(options.header ?? BEARER, options.token);
  const url = parseServerUrl(options.url, token);
  if (isExposed(url, options.allowHttp)) {
    const { hint } = CODES.INSECURE_TRANSPORT;
    const nothing = { anonymous: null, bogus: null, changed: null, presented: null };
    return { ok: false, url: url.href, outcome: "insecure-transport", ...nothing, hint };
  }

  const bogus = createBogusKey(token, options.random);
  const mutation = changeMiddle(token, options.random);
  const redact = createRedactor([token, bogus, ...(mutation === null ? [] : [mutation.key])].flatMap(secretsIn)).redact;
  const deadline = now() + timeoutMs;
  const wire = (presented: PresentedKey): Wire =>
    new Wire({ ...options, timeoutMs: undefined, url, presented, deadline });

  const attempts = await presentAll(wire, {
    key: validKey(header, token),
    bogus: bogusKey(header, bogus),
    changed:
      mutation && wrongKey(header, mutation.key, { id: "changed-key", name: `your key with ${mutation.change}` }),
  });
  const { real, anonymous, bogus: fake, changed, elsewhere = [] } = attempts;
  const judged = outcomeOf(attempts);
  const isRefused = isConversation(real) && ["refused", "forbidden", "not-mcp"].includes(judged);
  const accepting = isRefused && options.seekHeader === true ? await findHeader({ real, header, token, wire }) : null;
  const outcome = judged === "not-mcp" && accepting !== null ? "refused" : judged;
  const open = elsewhere.find(isAccepted);
  const found = [real, anonymous, fake].filter((one) => isConversation(one)).find(({ server }) => server !== null);
  return {
    ok: outcome === "enforced",
    url: url.href,
    outcome,
    ...describe(found?.server ?? null, redact),
    tools: isConversation(real) ? real.tools : undefined,
    anonymous: summarizeAttempt(isAccepted(anonymous) ? anonymous : (open ?? anonymous), redact),
    bogus: summarizeAttempt(fake, redact),
    changed: summarizeAttempt(changed, redact),
    presented: summarizeAttempt(real, redact),
    hint: adviseOn(attempts, { url, header, redact, accepting, change: mutation?.change ?? "a change" }),
  };
}

function summarizeAttempt(one: Attempt | undefined, redact: Redact): AttemptSummary | null {
  if (!isConversation(one)) return null;
  const { answer, era } = one;
  const challenge = headerOf(answer, "www-authenticate");
  return {
    ...(era === undefined ? {} : { era }),
    status: answer.status,
    ...(challenge === undefined ? {} : { challenge: redact(challenge) }),
    ms: answer.ms,
  };
}

function describe(server: Greeting | null, redact: Redact): Pick<Verification, "era" | "protocolVersion" | "server"> {
  if (server === null) return {};
  const { era, protocolVersion, name, version } = server;
  const about = name === undefined ? {} : { server: { name: redact(name, 100), version: redact(version ?? "", 100) } };
  return { era, protocolVersion: redact(protocolVersion, 32), ...about };
}
