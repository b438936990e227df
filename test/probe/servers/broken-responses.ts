import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import type { BrokenServer } from "./broken.ts";
import { ServerBehavior } from "./configurable-server.ts";

const REALM = { "www-authenticate": 'Bearer realm="mcp"' };
const INVALID = { "www-authenticate": 'Bearer realm="mcp", error="invalid_token"' };

/** Servers that reject wrong keys with the wrong answer. */
export const BROKEN_RESPONSES: readonly BrokenServer[] = [
  {
    mistake: "answers 403 to a request without a key",
    caught: ["answers-401-without-key"],
    make: () => ({
      refuse(request, response, presented) {
        if (presented === "none") this.json(response, 403, { error: "forbidden" });
        else ServerBehavior.prototype.refuse.call(this, request, response, presented);
      },
    }),
  },
  {
    mistake: "redirects a request without a key to a login page",
    caught: ["answers-401-without-key"],
    make: () => ({
      refuse(request, response, presented) {
        if (presented === "none") this.json(response, 302, {}, { location: "/login" });
        else ServerBehavior.prototype.refuse.call(this, request, response, presented);
      },
    }),
  },
  {
    mistake: "rejects with a JSON-RPC error in a 200",
    caught: ["answers-401-without-key", "answers-401-to-wrong-key"],
    make: () => ({
      refuse(_request, response) {
        this.rpcError(response, 200, { code: -32001, id: null });
      },
    }),
  },
  {
    mistake: "answers 500 to an unknown key",
    caught: ["answers-401-to-wrong-key"],
    make: () => ({
      refuse(request, response, presented) {
        if (presented === "wrong") this.json(response, 500, { error: "internal server error" });
        else ServerBehavior.prototype.refuse.call(this, request, response, presented);
      },
    }),
  },
  {
    mistake: "answers 401 without a challenge",
    caught: ["sends-challenge"],
    make: () => ({
      refuse(_request, response) {
        this.json(response, 401, { error: "unauthorized" });
      },
    }),
  },
  {
    mistake: "answers 401 to a wrong key without a challenge",
    caught: ["sends-challenge"],
    make: () => ({
      refuse(_request, response, presented) {
        this.json(response, 401, { error: "unauthorized" }, presented === "none" ? REALM : {});
      },
    }),
  },
  {
    mistake: "sends a Bearer challenge without parameters",
    caught: ["challenge-names-bearer"],
    make: () => ({
      refuse(_request, response, presented) {
        this.json(response, 401, {}, presented === "none" ? { "www-authenticate": "Bearer" } : INVALID);
      },
    }),
  },
  {
    mistake: "sends a challenge for another scheme",
    caught: ["challenge-names-bearer"],
    make: () => ({
      refuse(_request, response) {
        this.json(response, 401, {}, { "www-authenticate": 'ApiKey realm="mcp", header="X-API-Key"' });
      },
    }),
  },
  {
    mistake: "does not escape the quotes in a challenge",
    caught: ["challenge-parses"],
    make: () => ({
      refuse(_request, response, presented) {
        const described = 'Bearer realm="mcp", error="invalid_token", error_description="The "key" is not known"';
        this.json(response, 401, {}, presented === "none" ? REALM : { "www-authenticate": described });
      },
    }),
  },
  {
    mistake: "sends invalid_token to a request without a key",
    caught: ["omits-error-without-key"],
    make: () => ({
      refuse(_request, response) {
        this.json(response, 401, { error: "invalid_token" }, INVALID);
      },
    }),
  },
  {
    mistake: "omits invalid_token for a wrong key",
    caught: ["sends-invalid-token"],
    make: () => ({
      refuse(_request, response) {
        this.json(response, 401, { error: "unauthorized" }, REALM);
      },
    }),
  },
  {
    mistake: "reveals whether it knows the id of a key",
    caught: ["same-answer-for-unknown-keys"],
    make: () => ({
      refuse(request, response, presented) {
        const [, id] = this.tokenOf(request).split("_");
        const known = this.keys.some((key) => key.split("_")[1] === id);
        const error = known ? "the secret does not match" : "there is no such key";
        if (presented === "none") ServerBehavior.prototype.refuse.call(this, request, response, presented);
        else this.json(response, 401, { error, id, request: randomUUID() }, INVALID);
      },
    }),
  },
  {
    mistake: "points to OAuth metadata that do not exist",
    caught: ["oauth-metadata-resolves"],
    make: () => ({
      refuse(request, response, presented) {
        const metadata = `http://${request.headers.host ?? ""}/.well-known/oauth-protected-resource/mcp`;
        const error = presented === "none" ? "" : ', error="invalid_token"';
        const challenge = `Bearer resource_metadata="${metadata}"${error}`;
        this.json(response, 401, {}, { "www-authenticate": challenge });
      },
    }),
  },
  {
    mistake: "publishes OAuth metadata without an authorization server",
    caught: ["oauth-metadata-resolves"],
    make: () => ({
      handle(request, response) {
        if (request.url !== "/.well-known/oauth-protected-resource") {
          return ServerBehavior.prototype.handle.call(this, request, response);
        }
        this.json(response, 200, { resource: `http://${request.headers.host ?? ""}/mcp` });
        return Promise.resolve();
      },
    }),
  },
  {
    mistake: "parses bodies before it checks the key",
    caught: ["rejects-before-parsing"],
    make: () => ({
      async handle(request, response) {
        // Like most parsers, it limits bodies and rejects large ones unread.
        const isLarge = Number(request.headers["content-length"] ?? 0) > 100_000;
        const body = isLarge ? "" : await text(request);
        if (isLarge) this.json(response, 413, { error: "too large" });
        else if (body !== "" && !isJson(body)) this.json(response, 400, { error: "that is not JSON" });
        else await ServerBehavior.prototype.handle.call(this, withBody(request, body), response);
      },
    }),
  },
  {
    mistake: "reads bodies before it checks the key",
    caught: ["rejects-before-reading"],
    make: () => ({
      async handle(request, response) {
        return ServerBehavior.prototype.handle.call(this, withBody(request, await text(request)), response);
      },
    }),
  },
];

/** Returns a request whose body can be read again. */
function withBody(request: IncomingMessage, body: string): IncomingMessage {
  const { method, url, headers, rawHeaders, socket } = request;
  const read: unknown = Object.assign(Readable.from([body]), { method, url, headers, rawHeaders, socket });
  return read as IncomingMessage;
}

function isJson(body: string): boolean {
  try {
    JSON.parse(body);
    return true;
  } catch {
    return false;
  }
}
