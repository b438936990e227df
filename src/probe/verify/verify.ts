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
import { adviseOn } from "./advise.ts";
import { outcomeOf } from "./outcome.ts";
import { presentAll, type WrongKeys } from "./present.ts";
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

  const deadline = now() + timeoutMs;
  const wire = (presented: PresentedKey): Wire =>
    new Wire({ ...options, timeoutMs: undefined, url, presented, deadline });

  // Once the first request is sent, because the server takes its time to answer.
  const wrong = new Promise(setImmediate).then(() => createWrongKeys(token, header, options.random));
  const attempts = await presentAll(wire, validKey(header, token), wrong);
  const { secrets, change } = await wrong;
  const { redact } = createRedactor([token, ...secrets].flatMap(secretsIn));
  const { real, anonymous, bogus: fake, changed, elsewhere = [] } = attempts;
  const judged = outcomeOf(attempts);
  const isRefused = isConversation(real) && ["refused", "forbidden", "not-mcp"].includes(judged);
  const accepting =
    isRefused && options.seekHeader === true
      ? await (await import("./find-header.ts")).findHeader({ real, header, token, wire })
      : null;
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
    hint: adviseOn(attempts, { url, header, redact, accepting, change }),
  };
}

interface CreatedKeys extends WrongKeys {
  readonly secrets: readonly Secret[];
  /** How the key was changed, completing "your key with …". */
  readonly change: string;
}

function createWrongKeys(token: Secret, header: KeyHeader, random: RandomText): CreatedKeys {
  const bogus = createBogusKey(token, random);
  const created = { bogus: bogusKey(header, bogus), changed: null, secrets: [bogus], change: "a change" };
  const mutation = changeMiddle(token, random);
  if (mutation === null) return created;
  const { change, key } = mutation;
  const changed = wrongKey(header, key, { id: "changed-key", name: `your key with ${change}` });
  return { ...created, changed, secrets: [bogus, key], change };
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
