import type { KeyId } from "../../core/key.ts";
import type { Answer } from "./answer.ts";
import type { AuthInfo } from "./auth-info.ts";
import type { Reading } from "./json-rpc.ts";
import { createEventRewriter, createWholeRewriter, type Rewriter } from "./body-rewriter.ts";
import type { Sessions } from "./sessions.ts";
import { hideTools } from "./tool-list.ts";
import type { RequestView } from "./request-view.ts";

/** A request that is answered by the guard. */
export interface Refusal {
  readonly ok: false;
  readonly answer: Answer;
}

/** A request that was let in, and what an adapter has yet to do for it. `null` where there is nothing to do. */
export interface Admission {
  readonly ok: true;
  /** Absent on a path that is open. */
  readonly auth: AuthInfo | undefined;
  /** To be added to whatever the server answers. */
  readonly headers: Readonly<Record<string, string>> | null;
  /** To be asked about the body, where there is one, before the server gets it. */
  readonly inspectBody: InspectBody | null;
  /** To be told of the answer once its head is known; what it returns is to rewrite its body. */
  readonly onAnswer: OnAnswer | null;
  /** Whether it may return anything, so that no more is replaced of a response than has to be. */
  readonly mayRewrite: boolean;
}

/** `null`, or why the request ends here after all. Never rejects. */
export type InspectBody = (reading: Reading) => Refusal | null | Promise<Refusal | null>;
export type OnAnswer = (head: AnswerHead) => Rewriter | null;

export interface AnswerHead {
  readonly status: number;
  header(name: string): string | null;
}

/** On a path that is open. */
export const OPEN: Admission = {
  ...{ ok: true, auth: undefined, headers: null },
  ...{ inspectBody: null, onAnswer: null, mayRewrite: false },
};

const SESSION = "mcp-session-id";

/** The session that a request names, and whether it is one that another key opened. */
export function findSession(sessions: Sessions | null, view: RequestView, key: KeyId) {
  const id = sessions === null ? null : view.header(SESSION);
  const owner = id === null ? undefined : sessions?.ownerOf(id);
  return { id, isKnown: owner !== undefined, isForeign: owner !== undefined && owner !== key };
}

/** Binds what is opened by this request, and unbinds what it ends. `null` when it can do neither. */
export function watchSession(
  sessions: Sessions | null,
  view: RequestView,
  key: KeyId,
  { id, isKnown }: ReturnType<typeof findSession>,
): ((head: AnswerHead) => null) | null {
  if (sessions === null) return null;
  if (id !== null && view.method === "DELETE") {
    return ({ status }) => {
      if (status >= 200 && status < 300) sessions.end(id);
      return null;
    };
  }
  if (isKnown) return null;
  return (head) => {
    const opened = head.header(SESSION);
    // One that was opened elsewhere, by we do not know whom, is not given to the first who names it.
    if (opened !== null && opened !== id) sessions.bind(opened, key);
    return null;
  };
}

/** Takes tools out of an answer in JSON or in events; `null` for one that cannot be read. */
export function createToolRewriter(head: AnswerHead, isHidden: (tool: unknown) => boolean): Rewriter | null {
  const encoding = head.header("content-encoding") ?? "identity";
  const type = head.header("content-type")?.toLowerCase() ?? "";
  const rewrite = (text: string) => hideTools(text, isHidden);
  if (encoding !== "identity") return null;
  if (type.startsWith("text/event-stream")) return createEventRewriter(rewrite);
  return type.startsWith("application/json") ? createWholeRewriter(rewrite) : null;
}
