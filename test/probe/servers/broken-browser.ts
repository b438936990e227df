import type { ServerResponse } from "node:http";
import type { Broken } from "./broken.ts";
import { ServerBehavior } from "./configurable-server.ts";

/** Servers that are too good to web pages. */
export const BROKEN_BROWSERS: readonly Broken[] = [
  {
    mistake: "does not look at Origin",
    caught: ["rejects-foreign-origin"],
    make: () => ({ knowsOrigin: () => true }),
  },
  {
    mistake: "looks only at how an Origin begins",
    caught: ["rejects-foreign-origin"],
    make: () => ({
      knowsOrigin: ({ headers }) => headers.origin?.startsWith(`http://${headers.host ?? ""}`) ?? true,
    }),
  },
  {
    mistake: "looks only at how an Origin ends",
    caught: ["rejects-foreign-origin"],
    make: () => ({
      knowsOrigin: ({ headers }) => headers.origin?.endsWith(headers.host ?? "") ?? true,
    }),
  },
  {
    mistake: "refuses an Origin with 400",
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
    mistake: "does not look at Host",
    caught: ["rejects-foreign-host"],
    make: () => ({ knowsHost: () => true }),
  },
  {
    mistake: "allows the pages of every origin all that a browser keeps for it",
    caught: ["restricts-cors"],
    make: () => ({
      handle(request, response) {
        allow(response, request.headers.origin);
        return ServerBehavior.prototype.handle.call(this, request, response);
      },
    }),
  },
];

/** As `cors({ origin: true, credentials: true })` does. */
function allow(response: ServerResponse, origin: string | undefined): void {
  if (origin === undefined) return;
  response.setHeader("access-control-allow-origin", origin);
  response.setHeader("access-control-allow-credentials", "true");
}
