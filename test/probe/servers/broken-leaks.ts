import { createHash } from "node:crypto";
import type { BrokenServer } from "./broken.ts";
import { ServerBehavior } from "./configurable-server.ts";

const TRACE = `SyntaxError: Unexpected end of JSON input
    at JSON.parse (<anonymous>)
    at parse (/srv/mcp/node_modules/body-parser/lib/types/json.js:92:19)`;

/** Servers whose answers leak something. */
export const BROKEN_LEAKS: readonly BrokenServer[] = [
  {
    mistake: "shows the start of the expected key",
    caught: ["hides-valid-key"],
    make: () => ({
      refuse(request, response, presented) {
        const [key = ""] = this.keys;
        if (presented !== "wrong") ServerBehavior.prototype.refuse.call(this, request, response, presented);
        else this.json(response, 401, { error: `expected ${key.slice(0, 28)}…` }, INVALID);
      },
    }),
  },
  {
    mistake: "shows the digest of the expected key",
    caught: ["hides-valid-key"],
    make: () => ({
      refuse(request, response, presented) {
        const digest = createHash("sha256")
          .update(this.keys[0] ?? "")
          .digest("base64url");
        if (presented !== "wrong") ServerBehavior.prototype.refuse.call(this, request, response, presented);
        else this.json(response, 401, {}, { ...INVALID, "x-debug": `want=${digest}` });
      },
    }),
  },
  {
    mistake: "repeats the rejected key",
    caught: ["hides-presented-key"],
    make: () => ({
      refuse(request, response, presented) {
        const token = this.tokenOf(request);
        if (presented !== "wrong") ServerBehavior.prototype.refuse.call(this, request, response, presented);
        else this.json(response, 401, { error: `unknown key ${token}` }, INVALID);
      },
    }),
  },
  {
    mistake: "shows a stack trace for invalid JSON",
    caught: ["hides-stack-trace"],
    make: () => ({
      rpcError(response, status, error) {
        if (error.code !== -32700) ServerBehavior.prototype.rpcError.call(this, response, status, error);
        else
          response.writeHead(400, { "content-type": "text/html" }).end(`<pre>${TRACE.replaceAll("\n", "<br>")}</pre>`);
      },
    }),
  },
];

const INVALID = { "www-authenticate": 'Bearer realm="mcp", error="invalid_token"' };
