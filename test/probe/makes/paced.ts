import { randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { answerMcp, readKey, refuse, startSite, type Admit, type Make } from "./make.ts";
import { isSame } from "./opaque.ts";

/** Servers that limit, slow down or close. Their keys and guards are plain. */
export const PACED_MAKES: readonly Make[] = [
  {
    name: "that allows 20 requests a second, and says when to come back",
    unbounded: true,
    start: (open) => startPlain(open, beforeGuard(windowOf(20, 1000))),
  },
  {
    name: "that limits requests with a token bucket of 20, refilled at 12 a second",
    unbounded: true,
    start: (open) => startPlain(open, beforeGuard(bucketOf(20, 12))),
  },
  {
    name: "that blocks an address after 500 wrong keys",
    start(open) {
      let wrong = 0;
      return startPlain(open, (admit) => async (request, response) => {
        if (wrong >= 500) return limit(response, 60);
        const admitted = await admit(request, response);
        if (!admitted) wrong++;
        return admitted;
      });
    },
  },
  {
    name: "that takes 300 ms for every answer",
    unbounded: true,
    start: (open) =>
      startPlain(open, (admit) => async (request, response) => {
        await pause(300);
        return admit(request, response);
      }),
  },
  {
    name: "that takes 100 ms longer to refuse a wrong key",
    unbounded: true,
    start: (open) =>
      startPlain(open, (admit) => async (request, response) => {
        if (readKey(request) === null) return admit(request, response);
        const answer = response.end.bind(response);
        response.end = ((...parameters: Parameters<typeof answer>) => {
          setTimeout(() => answer(...parameters), response.statusCode === 401 ? 100 : 0);
          return response;
        }) as typeof response.end;
        return admit(request, response);
      }),
  },
  {
    name: "that closes the connection after every answer",
    start(open) {
      const mcp = answerMcp();
      return startPlain(
        open,
        (admit) => (request, response) => {
          response.setHeader("connection", "close");
          return admit(request, response);
        },
        (request, response) => {
          response.on("finish", () => request.socket.end());
          return mcp(request, response);
        },
      );
    },
  },
];

type Pace = (admit: Admit) => Admit;

async function startPlain(open: boolean, pace: Pace, mcp = answerMcp()): Promise<Awaited<ReturnType<Make["start"]>>> {
  const key = `sk-${randomBytes(24).toString("base64url")}`;
  const admit: Admit = (request, response) => {
    const sent = readKey(request);
    return open || isSame(sent ?? "", key) || refuse(response, sent);
  };
  // The pace belongs to the server, so it stays without the guard.
  return startSite({ admit: pace(admit), mcp }, false, { key });
}

/** Limits all requests, with and without a valid key. `take` returns the seconds to wait, or 0. */
function beforeGuard(take: () => number): Pace {
  return (admit) => (request, response) => {
    const wait = take();
    return wait > 0 ? limit(response, wait) : admit(request, response);
  };
}

function windowOf(most: number, ms: number): () => number {
  let [opened, taken] = [0, 0];
  return () => {
    if (performance.now() - opened >= ms) [opened, taken] = [performance.now(), 0];
    return ++taken > most ? Math.ceil((opened + ms - performance.now()) / 1000) : 0;
  };
}

function bucketOf(size: number, perSecond: number): () => number {
  let [level, at] = [size, performance.now()];
  return () => {
    const now = performance.now();
    [level, at] = [Math.min(size, level + ((now - at) / 1000) * perSecond), now];
    if (level < 1) return 1;
    level--;
    return 0;
  };
}

function limit(response: ServerResponse, seconds: number): false {
  response.writeHead(429, { "retry-after": String(seconds), "content-type": "text/plain" }).end("too many requests\n");
  return false;
}
