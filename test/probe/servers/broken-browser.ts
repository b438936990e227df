import type { ServerResponse } from "node:http";
import type { BrokenServer } from "./broken.ts";
import { TOKEN } from "../verify/verifying.ts";
import { ServerBehavior, startServer } from "./configurable-server.ts";

/** Servers that trust web pages of other origins. */
export const BROKEN_BROWSER: readonly BrokenServer[] = [
  {
    mistake: "ignores Origin",
    caught: ["rejects-foreign-origin"],
    make: () => ({ knowsOrigin: () => true }),
  },
  {
    mistake: "compares only the start of Origin",
    caught: ["rejects-foreign-origin"],
    make: () => ({
      knowsOrigin: ({ headers }) => headers.origin?.startsWith("http://127.0.0.1") ?? true,
    }),
  },
  {
    mistake: "looks for its own host anywhere in Origin",
    caught: ["rejects-foreign-origin"],
    make: () => ({
      knowsOrigin: ({ headers }) => headers.origin?.includes("127.0.0.1") ?? true,
    }),
  },
  {
    mistake: "trusts pages without an origin",
    caught: ["rejects-foreign-origin"],
    make: () => ({
      knowsOrigin: ({ headers }) => headers.origin === undefined || headers.origin === "null",
    }),
  },
  {
    mistake: "trusts every port of its own host",
    caught: ["rejects-foreign-origin"],
    make: () => ({
      knowsOrigin: ({ headers }) => /^http:\/\/127\.0\.0\.1(?::\d+)?$/.test(headers.origin ?? "http://127.0.0.1"),
    }),
  },
  {
    mistake: "compares only the end of Origin",
    caught: ["rejects-foreign-origin"],
    // A page cannot have a host that ends with an address.
    start: async () => {
      const running = await startServer([TOKEN.reveal()], {
        knowsOrigin: ({ headers }) => headers.origin?.endsWith(headers.host ?? "") ?? true,
      });
      return { ...running, url: running.url.replace("127.0.0.1", "localhost") };
    },
  },
  {
    mistake: "rejects a foreign Origin with 400",
    caught: ["rejects-foreign-origin"],
    make: () => ({
      handle(request, response) {
        if (request.headers.origin === undefined) return ServerBehavior.prototype.handle.call(this, request, response);
        this.json(response, 400, { error: "bad origin" });
        return Promise.resolve();
      },
    }),
  },
  {
    mistake: "ignores Host",
    caught: ["rejects-foreign-host"],
    make: () => ({ knowsHost: () => true }),
  },
  {
    mistake: "allows credentials for every origin",
    caught: ["restricts-cors"],
    make: () => ({
      handle(request, response) {
        allow(response, request.headers.origin);
        return ServerBehavior.prototype.handle.call(this, request, response);
      },
    }),
  },
];

/** Does what `cors({ origin: true, credentials: true })` does. */
function allow(response: ServerResponse, origin: string | undefined): void {
  if (origin === undefined) return;
  response.setHeader("access-control-allow-origin", origin);
  response.setHeader("access-control-allow-credentials", "true");
}
