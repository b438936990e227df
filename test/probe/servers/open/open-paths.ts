import type { IncomingMessage } from "node:http";
import type { BrokenServer } from "../broken.ts";
import { startServer, type Mistake } from "../configurable-server.ts";
import { TOKEN } from "../../verify/verifying.ts";

const CHECK = "requires-key-for-every-path";

type PathRow = readonly [
  mistake: string,
  culprit: RegExp,
  skips: (url: string) => boolean,
  routes: (url: string) => boolean,
];

const pathOf = (url: string): string => url.replace(/^http:\/\/[^/]*/, "").split("?")[0] ?? "";
const isMcp = (path: string): boolean => path === "/mcp";

/** What the guard skips, and what the router behind it takes for the path of MCP. */
const ROWS: readonly PathRow[] = [
  [
    "has a public folder below its path",
    /\/mcp\/public/,
    (url) => url.startsWith("/mcp/public"),
    (url) => pathOf(url).startsWith("/mcp"),
  ],
  [
    "has a health check below its path",
    /\/mcp\/health/,
    (url) => url.startsWith("/mcp/health"),
    (url) => pathOf(url).startsWith("/mcp"),
  ],
  [
    "skips its guard for a public folder, and normalizes afterwards",
    /\/public\/\.\.\/mcp/,
    (url) => url.startsWith("/public/"),
    (url) => isMcp(new URL(url, "http://server").pathname),
  ],
  [
    "guards one location exactly, like nginx with =",
    /the path \/mcp\/(?:,|$)/,
    (url) => pathOf(url) !== "/mcp",
    (url) => /^\/mcp(?:\/|$)/.test(pathOf(url)),
  ],
  [
    "guards the raw path and routes the decoded one",
    /%70/,
    (url) => !/^\/+mcp/i.test(pathOf(url)),
    (url) => isMcp(decodeURIComponent(pathOf(url))),
  ],
  [
    "guards its path case-sensitively and routes it in any case",
    /\/MCP/,
    (url) => pathOf(url) === "/MCP",
    (url) => isMcp(pathOf(url).toLowerCase()),
  ],
  [
    "cuts path parameters off after its guard",
    /;health/,
    (url) => url.includes(";"),
    (url) => isMcp(pathOf(url).replace(/;.*/, "")),
  ],
  [
    "collapses slashes after its guard",
    /\/\/mcp/,
    (url) => url.startsWith("//"),
    (url) => isMcp(pathOf(url).replace(/\/+/g, "/")),
  ],
  [
    "forgot its guard at the root",
    /the path \/(?:,|$)/,
    (url) => pathOf(url) === "/",
    (url) => ["/", "/mcp"].includes(pathOf(url)),
  ],
  [
    "forgot its guard at /messages",
    /the path \/messages/,
    (url) => pathOf(url) === "/messages",
    (url) => ["/messages", "/mcp"].includes(pathOf(url)),
  ],
  [
    "mounts a second copy below /api without its guard",
    /the path \/api\/mcp/,
    (url) => pathOf(url) === "/api/mcp",
    (url) => /^(?:\/api)?\/mcp$/.test(pathOf(url)),
  ],
  [
    "does not see its path in the absolute form",
    /absolute form/,
    (url) => url.startsWith("http://"),
    (url) => isMcp(pathOf(url)),
  ],
];

/** A second transport that was added later, without the guard. */
function withOpenStream(): Mistake {
  const isSse = ({ url = "" }: IncomingMessage): boolean => /^\/(?:sse|messages)/.test(url);
  return {
    knowsPath: (request) => isSse(request) || pathOf(request.url ?? "") === "/mcp",
    isGuarded: (request) => !isSse(request),
    ownsSession(_, id) {
      return this.sessions.has(id);
    },
    async serve(request, response) {
      if (isSse(request)) await this.serveSse(request, response);
      else await Object.getPrototypeOf(this).serve.call(this, request, response);
    },
  };
}

export const OPEN_PATHS: readonly BrokenServer[] = [
  ...ROWS.map(([mistake, culprit, skips, routes]): BrokenServer => ({
    ...{ mistake, culprit, caught: [CHECK] },
    make: () => ({ isGuarded: ({ url = "" }) => !skips(url), knowsPath: ({ url = "" }) => routes(url) }),
  })),
  {
    mistake: "still has HTTP+SSE, without its guard",
    culprit: /\/sse/,
    caught: [CHECK],
    start: () => startServer([TOKEN.reveal()], withOpenStream()),
  },
];
