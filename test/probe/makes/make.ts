import type { IncomingMessage, ServerResponse } from "node:http";
import type { HttpRequest } from "../../../src/http/http.ts";
import type { Grade } from "../../../src/probe/report/grade.ts";
import { listen, type Running } from "../../servers/listen.ts";
import { startDual } from "../../servers/sdk-v2.ts";

/** A kind of correct server, as somebody else would make it. */
export interface Make {
  /** Completes "a server …". */
  readonly name: string;
  /** Starts it. `open` leaves out the guard, and only the guard. */
  readonly start: (open: boolean) => Promise<MadeServer>;
  /** What it does not do, and why that is fair to say: id of the check → reason. None of it is about access. */
  readonly deserves?: Readonly<Record<string, string>>;
  /** Default: `A+`. */
  readonly grade?: Grade;
  /** Whether the run may take more requests and time than one of a stateless server without limits. */
  readonly unbounded?: true;
  /** The program it needs. */
  readonly needs?: "nginx" | "python3";
}

/** A running server, and the key it accepts. */
export interface MadeServer extends Pick<Running, "url" | "close"> {
  readonly key: string;
  /** As in `--header`. Default: `Authorization: Bearer`. */
  readonly header?: string;
  /** A tool that needs no arguments. Default: `greet`, as of the SDK servers. */
  readonly tool?: string;
  /** Another client than the default one. */
  readonly request?: HttpRequest;
}

/** Answers a request that passed the guard. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => unknown;

/** Lets a request pass, or answers it and returns `false`. */
export type Admit = (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>;

export interface Site {
  readonly admit: Admit;
  /** Path of the MCP endpoint. Default: `/mcp`. */
  readonly path?: string;
  /** Answers requests to other paths. Default: 404. */
  readonly elsewhere?: Answer;
  /** Runs before everything else. */
  readonly before?: Answer;
  /** Answers MCP. Default: the second SDK, which speaks both eras. */
  readonly mcp?: Answer;
}

/** Answers requests from this machine only, and those to the MCP endpoint only if they are admitted. */
export function serveSite(site: Site, open: boolean): Answer {
  const { admit, path = "/mcp", before, elsewhere = notFound, mcp = answerMcp() } = site;
  return async (request, response) => {
    before?.(request, response);
    if (!isFromHere(request)) return response.writeHead(403).end();
    if ((request.url ?? "").split("?")[0] !== path) return elsewhere(request, response);
    if (!open && !(await admit(request, response))) return;
    return mcp(request, response);
  };
}

/** Starts a site on a free port of 127.0.0.1. */
export async function startSite(
  site: Site,
  open: boolean,
  made: Pick<MadeServer, "key" | "header">,
): Promise<MadeServer> {
  const { url, close } = await listen(settle(serveSite(site, open)), site.path ?? "/mcp");
  return { url, close, ...made };
}

/** Drops the connection if an answer fails. */
export function settle(answer: Answer): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    Promise.resolve(answer(request, response)).catch((error: unknown) => response.destroy(error as Error));
  };
}

/** Answers with the second SDK, without sessions. */
export function answerMcp(): Answer {
  const { handler } = startDual();
  return (request, response) => handler(request, response, undefined);
}

/** Tells whether a request names this machine as its host and comes from no web page. */
export function isFromHere({ headers }: IncomingMessage): boolean {
  return /^(?:127\.0\.0\.1|localhost)(?::\d+)?$/.test(headers.host ?? "") && headers.origin === undefined;
}

/** Reads the key after a scheme, or in a header without one. `null` if there is none. */
export function readKey(
  { headers }: IncomingMessage,
  name = "authorization",
  scheme: string | null = "Bearer",
): string | null {
  const value = String(headers[name] ?? "");
  const form = scheme === null ? /^(\S+)$/ : new RegExp(`^${scheme} +(\\S+)$`, "i");
  return form.exec(value)?.[1] ?? null;
}

/** Answers 401, with `error` only for a key that was sent. */
export function refuse(response: ServerResponse, key: string | null): false {
  const challenge = `Bearer realm="mcp"${key === null ? "" : ', error="invalid_token"'}`;
  response.writeHead(401, { "www-authenticate": challenge, "content-type": "application/json" });
  response.end(JSON.stringify({ error: "unauthorized" }));
  return false;
}

/** Returns a function that closes everything at once. */
export function closeAll(...each: ({ close(): unknown } | undefined)[]): () => Promise<void> {
  return async () => {
    await Promise.all(each.map((one) => one?.close()));
  };
}

export const notFound: Answer = (_, response) =>
  response.writeHead(404, { "content-type": "text/plain" }).end("not found\n");
