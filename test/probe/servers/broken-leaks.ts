import { createHash } from "node:crypto";
import type { Broken } from "./broken.ts";
import { ServerBehavior } from "./configurable-server.ts";

const TRACE = `SyntaxError: Unexpected end of JSON input
    at JSON.parse (<anonymous>)
    at parse (/srv/mcp/node_modules/body-parser/lib/types/json.js:92:19)`;

/** Servers whose answers give something away. */
export const BROKEN_TRACES: readonly Broken[] = [
  {
    mistake: "tells how the key begins that it expected",
    caught: ["hides-valid-key"],
    make: () => ({
      refuse(request, response, reading) {
        const [key = ""] = this.keys;
        if (reading !== "wrong") ServerBehavior.prototype.refuse.call(this, request, response, reading);
        else this.json(response, 401, { error: `expected ${key.slice(0, 28)}…` }, INVALID);
      },
    }),
  },
  {
    mistake: "tells the digest that it compared with",
    caught: ["hides-valid-key"],
    make: () => ({
      refuse(request, response, reading) {
        const digest = createHash("sha256")
          .update(this.keys[0] ?? "")
          .digest("base64url");
        if (reading !== "wrong") ServerBehavior.prototype.refuse.call(this, request, response, reading);
        else this.json(response, 401, {}, { ...INVALID, "x-debug": `want=${digest}` });
      },
    }),
  },
  {
    mistake: "repeats the key that it refuses",
    caught: ["hides-presented-key"],
    make: () => ({
      refuse(request, response, reading) {
        const token = this.tokenOf(request);
        if (reading !== "wrong") ServerBehavior.prototype.refuse.call(this, request, response, reading);
        else this.json(response, 401, { error: `unknown key ${token}` }, INVALID);
      },
    }),
  },
  {
    mistake: "shows a stack trace for JSON that it cannot read",
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
