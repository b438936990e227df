import type { BrokenServer } from "./broken.ts";
import { ServerBehavior, type Mistake } from "./configurable-server.ts";

/** Servers that guard one era of MCP and forget another, in which they do not take the valid key. */
export const BROKEN_ERAS: readonly BrokenServer[] = [
  {
    mistake: "answers old clients if they send no key",
    caught: ["requires-key-in-other-eras", "requires-key-for-every-version"],
    make: () => forgetting((headers) => headers["mcp-protocol-version"] !== "2026-07-28"),
  },
  {
    mistake: "answers new clients if they send no key",
    caught: ["requires-key-in-other-eras", "requires-key-for-every-version"],
    make: () => forgetting((headers) => headers["mcp-protocol-version"] === "2026-07-28"),
  },
];

function forgetting(isForgotten: (headers: Readonly<Record<string, unknown>>) => boolean): Mistake {
  return {
    handle(request, response) {
      if (request.method !== "POST" || !isForgotten(request.headers)) {
        return ServerBehavior.prototype.handle.call(this, request, response);
      }
      if (request.headers.authorization === undefined && this.knowsOrigin(request) && this.knowsHost(request)) {
        return this.serve(request, response);
      }
      this.json(response, 400, { error: "no key is expected here" });
      return Promise.resolve();
    },
  };
}
