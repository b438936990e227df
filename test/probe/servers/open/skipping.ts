import type { IncomingMessage, ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import type { BrokenServer } from "../broken.ts";
import { ServerBehavior, type Mistake, type Posted } from "../configurable-server.ts";

/** A server whose guard skips some requests: what it does, what the finding must name, and when it skips. */
export type SkipRow = readonly [
  mistake: string,
  culprit: RegExp,
  skips: (headers: Readonly<Record<string, string | undefined>>, request: IncomingMessage) => boolean,
];

/** Makes servers that differ from a correct one in the requests that their guard skips. */
export function skipping(check: string, rows: readonly SkipRow[], more: Mistake = {}): BrokenServer[] {
  return rows.map(([mistake, culprit, skips]) => ({
    ...{ mistake, culprit, caught: [check] },
    make: () => ({
      ...more,
      isGuarded: (request) => !skips(request.headers as Readonly<Record<string, string | undefined>>, request),
    }),
  }));
}

/** Executes the message in a body. `this` is the server. */
export function execute(
  server: ServerBehavior,
  { request, response, body }: { request: IncomingMessage; response: ServerResponse; body: string },
): void {
  let posted: Posted | Posted[];
  try {
    posted = JSON.parse(body) as Posted | Posted[];
  } catch {
    server.rpcError(response, 400, { code: -32_700, id: null });
    return;
  }
  if (Array.isArray(posted)) server.answerBatch(response, posted);
  else if (request.headers["mcp-protocol-version"] === "2026-07-28") server.answerModern(response, posted);
  else server.answerLegacy(request, response, posted);
}

/** A server that reads the body before it decides about the key, as a guard behind a body parser does. */
export interface BodyRow {
  readonly mistake: string;
  readonly culprit: RegExp;
  /** Returns whether the guard skips this message. Throws like a parser that a guard forgot to catch. */
  readonly skips: (body: string, request: IncomingMessage) => boolean;
  /** Decodes the body for the handler. */
  readonly decode?: (body: Buffer) => string;
  /** Further checks that do not pass. A guard that fails on an invalid body lets it through by default. */
  readonly caught?: readonly string[];
  readonly eras?: ServerBehavior["eras"];
}

/** Makes servers whose guard reads the body. A guard that fails lets the request through. */
export function readingBody(check: string, rows: readonly BodyRow[]): BrokenServer[] {
  return rows.map(
    ({ mistake, culprit, skips, decode = String, caught = ["rejects-before-parsing"], eras = "dual" }) => ({
      ...{ mistake, culprit, caught: [check, "rejects-before-reading", ...caught] },
      make: (): Mistake => ({
        eras,
        isGuarded: (request) => request.method !== "POST",
        async serve(request, response) {
          if (request.method !== "POST") return ServerBehavior.prototype.serve.call(this, request, response);
          const bytes = await buffer(request);
          const presented = this.readKey(request);
          if (presented !== "valid" && !failsOpen(() => skips(bytes.toString(), request))) {
            this.refuse(request, response, presented);
            return;
          }
          execute(this, { request, response, body: decode(bytes) });
        },
      }),
    }),
  );
}

/** What a guard in `try { … } catch { next() }` does. */
function failsOpen(skips: () => boolean): boolean {
  try {
    return skips();
  } catch {
    return true;
  }
}
