import type { Caller } from "../access/access-log.ts";
import type { AuthInfo } from "./auth-info.ts";
import type { Rewriter } from "./body-rewriter.ts";
import type { GuardResponse } from "./guard-response.ts";
import type { OpenStream } from "./open-streams.ts";
import type { ParsedBody } from "./parse-body.ts";
import type { RequestView } from "./request-view.ts";

/** A guard without a framework. */
export interface Guard {
  /** Whether the guard reads bodies, for adapters that have to know in advance. */
  readonly inspectsBody: boolean;
  /** Checks a request. Returns a promise only if the verifier's memory is out of date. Never throws, never rejects. */
  check(view: RequestView): Admission | Rejection | Promise<Admission | Rejection>;
}

/** A refused request, with the response to send. */
export interface Rejection {
  readonly ok: false;
  readonly response: GuardResponse;
  /** For the access record. Absent in the answer to a preflight. */
  readonly refusal?: RefusedCall;
}

/** Why a request is refused, and whose it is. */
export interface RefusedCall {
  readonly reason: string;
  /** False if the keys could not be checked. Default: true. */
  readonly hasVerdict?: boolean;
  /** Absent if no key is known. */
  readonly caller?: Partial<Caller>;
}

/** An accepted request, with the remaining work for the adapter. `null` means no work. */
export interface Admission {
  readonly ok: true;
  /** `undefined` on one of `openPaths`. */
  readonly auth: AuthInfo | undefined;
  /** For the access record. `null` on one of `openPaths`. */
  readonly caller: Caller | null;
  /** Headers to add to the server's response. */
  readonly headers: Readonly<Record<string, string>> | null;
  /** Called with the body, if there is one, before the server gets it. */
  readonly inspectBody: InspectBody | null;
  /** Called once with the head of the server's response. May return a rewriter for its body. */
  readonly onHead: OnHead | null;
  /** Whether `onHead` may return a rewriter. If not, adapters leave the body methods of the response alone. */
  readonly mayRewrite: boolean;
  /** Called with the response that may stay open, right before the handler runs or its response is sent. */
  readonly follow: Follow | null;
}

/**
 * Ends the stream when the key stops being valid. Returns why to refuse the request if that has already happened.
 * @param stream - `null` only checks that
 */
export type Follow = (stream: OpenStream | null) => Rejection | null;

/** Returns `null`, or the reason to refuse the request after all. Never rejects. */
export type InspectBody = (body: ParsedBody) => Rejection | null | Promise<Rejection | null>;
export type OnHead = (head: ResponseHead) => Rewriter | null;

export interface ResponseHead {
  readonly status: number;
  header(name: string): string | null;
}

/** The admission of a request to one of `openPaths`. */
export const OPEN: Admission = {
  ...{ ok: true, auth: undefined, caller: null, headers: null },
  ...{ inspectBody: null, onHead: null, mayRewrite: false, follow: null },
};
