import type { AccessLog, Decision } from "../access/access-log.ts";
import { createSafeText } from "../access/safe-text.ts";
import type { Admission, Follow, Guard, InspectBody, Rejection } from "./admission.ts";
import type { BodyMessage } from "./body-message.ts";
import { decodeName } from "./header-agreement.ts";
import type { ParsedBody } from "./parse-body.ts";
import type { RequestView } from "./request-view.ts";

/** The most records of one request: a body has room for 300,000 messages. */
const MESSAGES = 1_000;

export interface RecordOptions {
  readonly access: AccessLog;
  /** The header for bare tokens. */
  readonly apiKeyHeader: string;
  /** Returns the address of the client; `null` for that of the connection. */
  readonly addressOf: ((view: RequestView) => string | null) | null;
}

/** Wraps a guard to record each call that it accepts or refuses. Changes no decision. */
export function recordAccess(guard: Guard, options: RecordOptions): Guard {
  return {
    inspectsBody: true,
    check(view) {
      const call = new Call(view, options);
      const result = guard.check(view);
      return result instanceof Promise ? result.then((late) => settle(late, call)) : settle(result, call);
    },
  };
}

function settle(result: Admission | Rejection, call: Call): Admission | Rejection {
  if (!result.ok) {
    call.refuse(result, null);
    return result;
  }
  const { caller, inspectBody, follow } = result;
  // One of `openPaths`.
  if (caller === null) return result;
  const inspect: InspectBody = (parsed) => {
    const finish = (rejection: Rejection | null): Rejection | null => {
      if (rejection === null) call.write(call.accept(caller), messagesIn(parsed));
      else call.refuse(rejection, messagesIn(parsed));
      return rejection;
    };
    const rejection = inspectBody === null ? null : inspectBody(parsed);
    return rejection instanceof Promise ? rejection.then(finish) : finish(rejection);
  };
  // A key may stop being valid between the decision and the handler: then a second record says so.
  const followed: Follow = (stream) => {
    const rejection = follow === null ? null : follow(stream);
    if (rejection !== null) call.refuse(rejection, null);
    return rejection;
  };
  return { ...result, inspectBody: inspect, follow: follow && followed };
}

/** One request, until its records are written. */
class Call {
  readonly #view: RequestView;
  readonly #options: RecordOptions;
  readonly #start: number;
  /** Read at the start, because a closed connection has none. */
  readonly #address: string | null;

  constructor(view: RequestView, options: RecordOptions) {
    this.#view = view;
    this.#options = options;
    this.#start = options.access.ticks();
    this.#address = addressIn(view, options);
  }

  accept(caller: Admission["caller"]): Decision {
    return this.#options.access.decide("accepted", null, caller);
  }

  /** @param messages - `null` if the body was not read */
  refuse({ refusal }: Rejection, messages: readonly BodyMessage[] | null): void {
    // The answer to a preflight.
    if (refusal === undefined) return;
    const { reason, hasVerdict = true, caller = null } = refusal;
    const decision = this.#options.access.decide(hasVerdict ? "refused" : "unavailable", reason, caller);
    this.write(decision, messages ?? [claimOf(this.#view)]);
  }

  /** Writes a record for each message, or one without a message. */
  write(decision: Decision, messages: readonly BodyMessage[]): void {
    const { access, apiKeyHeader } = this.#options;
    const ms = Math.round((access.ticks() - this.#start) * 1000) / 1000;
    const safe = createSafeText(this.#view, apiKeyHeader);
    const [http, address] = [safe(this.#view.method), safe(this.#address)];
    const shown = messages.length === 0 ? [NO_MESSAGE] : messages.slice(0, MESSAGES);
    const more = messages.length - shown.length;
    for (const [i, { method, tool }] of shown.entries()) {
      const isLast = more > 0 && i === shown.length - 1;
      const facts = { http, method: safe(method), tool: safe(tool), ms, address, ...(isLast && { more }) };
      access.write(decision, facts);
    }
  }
}

function addressIn(view: RequestView, { addressOf }: RecordOptions): string | null {
  try {
    return addressOf?.(view) ?? view.address;
  } catch {
    // A platform with another kind of socket, or a mistake in the server's own function.
    return null;
  }
}

const NO_MESSAGE: BodyMessage = { method: null, tool: null };

function messagesIn(parsed: ParsedBody): readonly BodyMessage[] {
  return parsed.ok ? parsed.messages : [];
}

/** Reads what the headers of a request with an unread body claim. @see MCP 2026-07-28, Standard MCP Request Headers */
function claimOf(view: RequestView): BodyMessage {
  const method = view.header("mcp-method");
  return { method, tool: method === "tools/call" ? decodeName(view.header("mcp-name") ?? "") : null };
}
