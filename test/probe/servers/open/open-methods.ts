import { text } from "node:stream/consumers";
import type { BrokenServer } from "../broken.ts";
import type { Mistake } from "../configurable-server.ts";
import { execute, skipping } from "./skipping.ts";

/** Reads messages with every method, like `app.use` or `http.createServer`. */
const ANY_METHOD: Mistake = {
  preflight(request, response) {
    if (this.isGuarded(request) && this.readKey(request) !== "valid") response.writeHead(204).end();
    else void this.serve(request, response);
  },
  async serve(request, response) {
    if (request.method === "HEAD") this.json(response, 405, {});
    else execute(this, { request, response, body: await text(request) });
  },
};

const CHECK = "requires-key-for-every-method";

/** Servers that guard some methods and execute others. */
export const OPEN_METHODS: readonly BrokenServer[] = skipping(
  CHECK,
  [
    ["guards POST and reads messages with every method", /method PUT/, (_, { method }) => method !== "POST"],
    ["forgot PATCH in its list of guarded methods", /method PATCH/, (_, { method }) => method === "PATCH"],
    [
      "guards the methods of REST and reads messages with others",
      /method PROPFIND/,
      (_, { method = "" }) => !["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"].includes(method),
    ],
    ["passes OPTIONS on to its handler", /method OPTIONS/, (_, { method }) => method === "OPTIONS"],
    [
      "passes preflights on to its handler",
      /method OPTIONS/,
      (headers) => headers["access-control-request-method"] !== undefined,
    ],
    ["takes GET for harmless and reads its body", /method GET/, (_, { method }) => method === "GET"],
    [
      "lets everyone end sessions and reads the body of DELETE",
      /method DELETE/,
      (_, { method }) => method === "DELETE",
    ],
    [
      "takes the method from the query, and guards POST",
      /_method=GET/,
      (_, { url = "" }) => new URL(url, "http://server").searchParams.get("_method") === "GET",
    ],
  ],
  ANY_METHOD,
).map((one) =>
  // A WebSocket is asked for with GET.
  /POST and reads|GET for/.test(one.mistake) ? { ...one, caught: [CHECK, "requires-key-for-every-connection"] } : one,
);
