import type { Verdict } from "../../core/judge.ts";
import { KeysError } from "../../errors.ts";
import type { Caller } from "../access/access-log.ts";
import { checkVerifier } from "../verifier/check-verifier.ts";
import { nameOf } from "../verifier/counters.ts";
import { asFault, verifyFresh, type VerifyToken } from "../verifier/verify-fresh.ts";
import type { Requirements, Verifier } from "../verifier/verifier.ts";
import {
  OPEN,
  type Admission,
  type Follow,
  type Guard,
  type InspectBody,
  type OnHead,
  type Rejection,
} from "./admission.ts";
import { createAuthInfo } from "./auth-info.ts";
import { agreesWithHead } from "./header-agreement.ts";
import { challenge, type Denial } from "./challenge.ts";
import { extractToken } from "./extract-token.ts";
import { resolveGuardOptions, type GuardOptions } from "./guard-options.ts";
import { formatRpcError } from "./guard-response.ts";
import type { HeadFlaw } from "./head-flaw.ts";
import { OUTDATED, streamsOf, type Accepted } from "./open-streams.ts";
import { AMBIGUOUS, type RefusedBody } from "./parse-body.ts";
import { recordAccess } from "./record-access.ts";
import type { RequestView } from "./request-view.ts";
import { sessionsOf } from "./sessions.ts";
import { createToolRewriter, type ToolScopes } from "./tool-scopes.ts";

/** The response of the MCP SDKs to an unknown session. Clients then open a new one. */
const SESSION_NOT_FOUND: Rejection = { ok: false, response: formatRpcError(404, -32_001, "Session not found") };
/** @see MCP 2026-07-28, HeaderMismatch */
const HEADER_MISMATCH: RefusedBody = {
  ok: false,
  response: formatRpcError(400, -32_020, "Mcp-Method or Mcp-Name does not match the body"),
  why: "Mcp-Method or Mcp-Name does not match the body",
};

/**
 * @param where - the name of the function that the server called
 * @throws {@link KeysError} `USAGE` if the verifier is none, or an option is unknown or invalid
 */
export function createGuard(where: string, verifier: Verifier, options: GuardOptions): Guard {
  checkVerifier(where, verifier);
  const rules = resolveGuardOptions(where, options, verifier);
  const { scopes, tools, audience, realm, apiKeyHeader, origins, openPaths } = rules;
  const { access = null } = verifier;
  const sessions = rules.sessions ? sessionsOf(verifier) : null;
  const streams = rules.endsStreams ? streamsOf(verifier) : null;
  const revision = (): number => streams?.revision ?? OUTDATED;
  const requirementsOf = (wanted: readonly string[]): Requirements => ({
    scopes: wanted,
    ...(audience !== undefined && { audience }),
  });
  const ofEveryRequest = requirementsOf(scopes);
  const bareHeader = apiKeyHeader || "x-api-key";

  const deny = (denial: Denial, needed = scopes, caller?: Partial<Caller>): Rejection => {
    const refusal =
      denial instanceof KeysError ? { reason: nameOf(denial.code), hasVerdict: false } : { reason: denial };
    const response = challenge(denial, { realm, scopes: needed });
    return { ok: false, response, refusal: caller === undefined ? refusal : { ...refusal, caller } };
  };

  const refuseHead = ({ response, why }: HeadFlaw): Rejection => {
    verifier.refuse("malformed", why);
    return { ok: false, response, refusal: { reason: "malformed" } };
  };

  const refuseBody = (refused: RefusedBody, caller: Caller): Rejection => {
    if (refused.isMistake === true) verifier.report(refused.why);
    else verifier.logRefusal("unclear-body", refused.why);
    return { ok: false, response: refused.response, refusal: { reason: "unclear-body", caller } };
  };

  /** Binds the session to the key, or refuses one that belongs to another key. */
  const enter = (view: RequestView, caller: Caller): OnHead | null | Rejection => {
    const { key } = caller;
    const onHead = sessions === null ? null : sessions.enter(view, key.id);
    if (onHead !== "foreign") return onHead;
    verifier.logRefusal(
      "foreign-session",
      `key ${key.name} (${key.id}) sent a session id that is malformed or of another key`,
    );
    return { ...SESSION_NOT_FOUND, refusal: { reason: "foreign-session", caller } };
  };

  const authenticate = (view: RequestView): Admission | Rejection | Promise<Admission | Rejection> => {
    const authorization = view.header("authorization");
    const apiKey = view.header(bareHeader);
    const { query } = view;
    // The usual request has one possible place for a token, so the verifier can read the header itself.
    if (apiKey === null && query === "" && authorization?.includes(",") !== true) {
      return decide(view, (requirements) => verifier.verifyHeader(authorization, requirements));
    }
    const extracted = extractToken({ authorization, apiKey, query }, apiKeyHeader !== "");
    if (!extracted.ok) {
      verifier.refuse(extracted.denial === "ambiguous" ? "malformed" : extracted.denial, extracted.why);
      return deny(extracted.denial);
    }
    const { token } = extracted;
    return decide(view, (requirements) => verifier.verify(token, requirements));
  };

  const decide = (view: RequestView, verify: VerifyToken): Admission | Rejection | Promise<Admission | Rejection> => {
    const verdict = verifyFresh(verifier, verify, ofEveryRequest);
    return verdict instanceof Promise
      ? verdict.then((late) => admit(late, view, verify, OUTDATED))
      : admit(verdict, view, verify, revision());
  };

  const admit = (
    verdict: Verdict | KeysError,
    view: RequestView,
    verify: VerifyToken,
    revision: number,
  ): Admission | Rejection => {
    if (verdict instanceof KeysError) return deny(verdict);
    if (!verdict.ok) return deny(verdict.reason, scopes, verdict);
    const { key, version } = verdict;
    const caller = { key, version };
    const onHead = enter(view, caller);
    if (onHead !== null && typeof onHead !== "function") return onHead;
    const auth = createAuthInfo(key, version);
    const accepted: Accepted = { id: key.id, n: version.n, verify, requirements: ofEveryRequest, revision };
    const admission: Admission = {
      ...{ ok: true, auth, caller, headers: null, onHead, mayRewrite: false, follow: followOf(accepted) },
      // A record waits for the body.
      inspectBody: access === null ? null : () => judgeAgain(accepted, view, scopes),
    };
    return tools === null ? admission : withTools(admission, tools, caller, view, accepted);
  };

  const followOf = (accepted: Accepted): Follow | null => {
    if (streams === null) return null;
    return (stream) => {
      const refused = streams.follow(stream, accepted);
      if (refused === null) return null;
      return refused instanceof KeysError ? deny(refused) : deny(refused.reason, accepted.requirements.scopes, refused);
    };
  };

  /** Adds the check of tool calls, and hides the tools that the key may not call. */
  const withTools = (
    admission: Admission,
    tools: ToolScopes,
    caller: Caller,
    view: RequestView,
    accepted: Accepted,
  ): Admission => {
    const inspectBody: InspectBody = (parsed) => {
      if (!parsed.ok) return refuseBody(parsed, caller);
      const { messages } = parsed;
      if (!agreesWithHead(messages, view)) return refuseBody(HEADER_MISMATCH, caller);
      const neededByTools = tools.neededBy(messages);
      if (neededByTools === null) return refuseBody(AMBIGUOUS, caller);
      mayList ||= messages.some(({ method }) => method === "tools/list");
      return judgeAgain(accepted, view, [...new Set([...scopes, ...neededByTools])]);
    };
    const isHidden = tools.hiddenFrom(caller.key.scopes);
    // A list is requested in a body, but may arrive on a stream that a GET opened.
    let mayList = view.method === "GET";
    if (isHidden === null) return { ...admission, inspectBody };
    const onHead: OnHead = (head) => {
      admission.onHead?.(head);
      return mayList ? createToolRewriter(head, isHidden) : null;
    };
    return { ...admission, inspectBody, onHead, mayRewrite: true };
  };

  /** Judges a request whose body has arrived: the key and the session may have changed meanwhile. */
  const judgeAgain = (accepted: Accepted, view: RequestView, needed: readonly string[]) => {
    accepted.requirements = requirementsOf(needed);
    const verdict = verifyFresh(verifier, accepted.verify, { ...accepted.requirements, again: true });
    accepted.revision = verdict instanceof Promise ? OUTDATED : revision();
    return verdict instanceof Promise
      ? verdict.then((late) => admitAgain(late, view, needed))
      : admitAgain(verdict, view, needed);
  };

  const admitAgain = (verdict: Verdict | KeysError, view: RequestView, needed: readonly string[]): Rejection | null => {
    if (verdict instanceof KeysError) return deny(verdict);
    if (!verdict.ok) return deny(verdict.reason, needed, verdict);
    const onHead = enter(view, verdict);
    return typeof onHead === "function" ? null : onHead;
  };

  type Result = Admission | Rejection | Promise<Admission | Rejection>;
  const settle = (result: Result): Result =>
    result instanceof Promise ? result.catch((cause: unknown) => deny(asFault(cause))) : result;

  const guard: Guard = {
    inspectsBody: tools !== null,
    check(view) {
      try {
        const { flaw } = view;
        if (flaw !== null) return refuseHead(flaw);
        if (openPaths.size > 0 && openPaths.has(view.path)) return OPEN;
        if (origins === null) return settle(authenticate(view));
        const origin = view.header("origin");
        const ruling = origin === null ? null : origins.check(origin, view);
        const headers = ruling?.headers ?? origins.headers;
        if (headers === null) return settle(authenticate(view));
        const response = ruling?.response ?? null;
        if (response !== null) {
          if (ruling?.why === undefined) return addTo({ ok: false, response }, headers);
          verifier.logRefusal("forbidden-origin", ruling.why);
          return addTo({ ok: false, response, refusal: { reason: "forbidden-origin" } }, headers);
        }
        const result = authenticate(view);
        return result instanceof Promise
          ? settle(result.then((late) => withHeaders(late, headers)))
          : withHeaders(result, headers);
      } catch (cause) {
        return deny(asFault(cause));
      }
    },
  };
  const { addressOf } = rules;
  return access === null ? guard : recordAccess(guard, { access, apiKeyHeader: bareHeader, addressOf });
}

/** Adds CORS headers to the response, whether the guard or the server sends it. */
function withHeaders(result: Admission | Rejection, headers: Readonly<Record<string, string>>): Admission | Rejection {
  if (!result.ok) return addTo(result, headers);
  const { inspectBody, follow } = result;
  const add = (rejection: Rejection | null) => rejection && addTo(rejection, headers);
  const inspect: InspectBody = (parsed) => {
    const rejection = inspectBody?.(parsed) ?? null;
    return rejection instanceof Promise ? rejection.then(add) : add(rejection);
  };
  return {
    ...result,
    headers,
    inspectBody: inspectBody && inspect,
    follow: follow && ((stream) => add(follow(stream))),
  };
}

function addTo(rejection: Rejection, headers: Readonly<Record<string, string>>): Rejection {
  const { response } = rejection;
  return { ...rejection, response: { ...response, headers: { ...response.headers, ...headers } } };
}
