import type { Verdict } from "../../core/judge.ts";
import type { Key } from "../../core/key.ts";
import { KeysError } from "../../errors.ts";
import { formatRpcAnswer } from "./answer.ts";
import { createAuthInfo } from "./auth-info.ts";
import { challenge, type Denial } from "./challenge.ts";
import { asFault, judgeFresh, type Judge } from "../verifier/verify-fresh.ts";
import { resolveGuardOptions, type GuardOptions } from "./guard-options.ts";
import {
  createToolRewriter,
  findSession,
  OPEN,
  watchSession,
  type InspectBody,
  type OnAnswer,
  type Admission,
  type Refusal,
} from "./admission.ts";
import { isOneHeader, presentToken } from "./extract-token.ts";
import type { ToolScopes } from "./tool-scopes.ts";
import type { Asked, Verifier } from "../verifier/verifier.ts";
import type { RequestView } from "./request-view.ts";

/** A guard without a framework. */
export interface Guard {
  /** Whether a body has to be examined, for adapters that must say so before. */
  readonly inspectsBody: boolean;
  /** Never throws and never rejects: what goes wrong inside is an answer too. A promise only when memory is out of date. */
  enter(view: RequestView): Admission | Refusal | Promise<Admission | Refusal>;
}

/** As the MCP SDKs answer for a session they do not know: the client opens a new one. */
const NO_SESSION: Refusal = { ok: false, answer: formatRpcAnswer(404, -32_001, "Session not found") };

/** @throws {@link KeysError} `USAGE` for an option that is unknown or makes no sense */
export function createGuard(verifier: Verifier, options: GuardOptions): Guard {
  const { scopes, tools, audience, realm, apiKeyHeader, judgeOrigin, openPaths, sessions } =
    resolveGuardOptions(options);
  const ask = (wanted: readonly string[]): Asked => ({
    scopes: wanted,
    ...(audience !== undefined && { audience }),
  });
  const asked = ask(scopes);
  const bareHeader = apiKeyHeader || "x-api-key";

  const deny = (denial: Denial, lacking = scopes): Refusal => ({
    ok: false,
    answer: challenge(denial, { realm, scopes: lacking }),
  });

  const settle = (verdict: Verdict | KeysError, view: RequestView, judge: Judge): Admission | Refusal => {
    if (verdict instanceof KeysError) return deny(verdict);
    if (!verdict.ok) return deny(verdict.reason);
    const auth = createAuthInfo(verdict.key, verdict.version);
    const session = findSession(sessions, view, verdict.key.id);
    if (session.isForeign) return NO_SESSION;
    const onHead = watchSession(sessions, view, verdict.key.id, session);
    const admission = {
      ok: true,
      auth,
      headers: null,
      inspectBody: null,
      onAnswer: onHead,
      mayRewrite: false,
    } as const;
    return tools === null ? admission : withTools(admission, tools, verdict.key, view.method, judge);
  };

  /** A passage that asks for the scopes of the tools that are called, and takes those out of lists that may not be called. */
  const withTools = (admission: Admission, tools: ToolScopes, key: Key, method: string, judge: Judge): Admission => {
    const isHidden = tools.hiddenFrom(key.scopes);
    // A list is asked for in a body, and its answer may come on a stream that was opened by GET.
    let lists = method === "GET";
    const onAnswer: OnAnswer = (head) => {
      admission.onAnswer?.(head);
      return lists && isHidden !== null ? createToolRewriter(head, isHidden) : null;
    };
    const inspectBody: InspectBody = (reading) => {
      if (!reading.ok) return reading;
      lists ||= reading.messages.some(({ method }) => method === "tools/list");
      const needed = [...new Set([...scopes, ...tools.neededBy(reading.messages)])];
      if (needed.every((scope) => key.scopes.includes(scope))) return null;
      // Asked again, so that it is counted and logged, and since the key may have changed while the body came in.
      const again = judgeFresh(verifier, judge, ask(needed));
      return again instanceof Promise ? again.then((late) => weigh(late, needed)) : weigh(again, needed);
    };
    return isHidden === null
      ? { ...admission, inspectBody }
      : { ...admission, inspectBody, onAnswer, mayRewrite: true };
  };

  const weigh = (verdict: Verdict | KeysError, needed: readonly string[]): Refusal | null => {
    if (verdict instanceof KeysError) return deny(verdict);
    return verdict.ok ? null : deny(verdict.reason, needed);
  };

  const decide = (view: RequestView, judge: Judge): Admission | Refusal | Promise<Admission | Refusal> => {
    const verdict = judgeFresh(verifier, judge, asked);
    return verdict instanceof Promise
      ? verdict.then((late) => settle(late, view, judge))
      : settle(verdict, view, judge);
  };

  const authenticate = (view: RequestView): Admission | Refusal | Promise<Admission | Refusal> => {
    const places = { authorization: view.header("authorization"), apiKey: view.header(bareHeader), query: view.query };
    const { authorization } = places;
    if (isOneHeader(places)) return decide(view, (what) => verifier.verifyHeader(authorization, what));
    const presented = presentToken(places, apiKeyHeader !== "");
    if (!presented.ok) {
      verifier.refuse(presented.denial === "ambiguous" ? "malformed" : presented.denial, presented.why);
      return deny(presented.denial);
    }
    const { token } = presented;
    return decide(view, (what) => verifier.verify(token, what));
  };

  return {
    inspectsBody: tools !== null,
    enter(view) {
      try {
        if (openPaths.size > 0 && openPaths.has(view.path)) return OPEN;
        const ruling = judgeOrigin === null ? null : judgeOrigin(view);
        if (ruling === null) return authenticate(view);
        const { answer, headers } = ruling;
        if (answer !== null) return withHeaders({ ok: false, answer }, headers);
        const entry = authenticate(view);
        return entry instanceof Promise
          ? entry.then((late) => withHeaders(late, headers))
          : withHeaders(entry, headers);
      } catch (cause) {
        return deny(asFault(cause));
      }
    },
  };
}

/** Adds the headers of CORS to whatever is answered, by the guard now or by the server later. */
function withHeaders(entry: Admission | Refusal, headers: Readonly<Record<string, string>>): Admission | Refusal {
  if (entry.ok) return { ...entry, headers, inspectBody: entry.inspectBody && after(entry.inspectBody, headers) };
  return { ok: false, answer: { ...entry.answer, headers: { ...entry.answer.headers, ...headers } } };
}

/** A refusal that comes after the body was read has the headers as well. */
function after(inspectBody: InspectBody, headers: Readonly<Record<string, string>>): InspectBody {
  const add = (refusal: Refusal | null) => refusal && (withHeaders(refusal, headers) as Refusal);
  return (reading) => {
    const refusal = inspectBody(reading);
    return refusal instanceof Promise ? refusal.then(add) : add(refusal);
  };
}
