import type { IncomingMessage, ServerResponse } from "node:http";
import { json } from "node:stream/consumers";
import { startDual, startModernOnly } from "./sdk-v2.ts";
import { startSse, startStateful, startStateless } from "./sdk-v1.ts";
import { listen, type Running } from "./listen.ts";

/** A guard like those of `guardNode`: accepts a request by calling `next`, otherwise answers it. */
export type Guard = (request: IncomingMessage, response: ServerResponse, next: () => unknown) => void;

/** Answers one accepted request. `body` is the posted JSON. */
export type Handler = (request: IncomingMessage, response: ServerResponse, body: unknown) => Promise<void>;

/** A server without its HTTP listener. */
export interface SdkServer {
  readonly path: string;
  readonly handler: Handler;
  /** Ends its sessions and streams. */
  close(): Promise<void>;
}

/** Every HTTP transport of the official SDKs. Each server has two tools, `add` and `greet`, and if asked a third, `wait`. */
const KINDS = {
  "v1-stateful": startStateful,
  "v1-stateless": startStateless,
  "v1-sse": startSse,
  "v2-dual": startDual,
  "v2-modern-only": startModernOnly,
} as const satisfies Record<string, (waits: boolean) => SdkServer>;

export type SdkKind = keyof typeof KINDS;
export const SDK_KINDS = Object.keys(KINDS) as SdkKind[];

export interface SdkOptions {
  /** Runs before everything else, before the body is read. */
  readonly guard?: Guard;
  /** Applies the guard only to these JSON-RPC methods, as home-made guards do. */
  readonly guards?: (method: string) => boolean;
  /** Adds a tool `wait`, which answers when its request is cancelled. */
  readonly waits?: boolean;
}

const NO_JSON = Symbol("no JSON");

/** Starts a server of an official SDK behind a guard, on a free port of 127.0.0.1. */
export async function startSdkServer(
  kind: SdkKind,
  { guard, guards, waits = false }: SdkOptions = {},
): Promise<Running> {
  const server = KINDS[kind](waits);
  const open: Guard = (_request, _response, next) => next();
  const first = guards === undefined ? (guard ?? open) : open;
  const running = await listen((request, response) => {
    first(request, response, async () => {
      const body = request.method === "POST" ? await json(request).catch(() => NO_JSON) : undefined;
      if (body === NO_JSON) return void response.writeHead(400).end();
      const second = guards?.((body as { method?: string } | undefined)?.method ?? "") === true ? guard : undefined;
      (second ?? open)(request, response, () => server.handler(request, response, body));
    });
  }, server.path);
  return {
    ...running,
    async close() {
      await server.close();
      await running.close();
    },
  };
}
