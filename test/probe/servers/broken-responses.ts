import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import type { Broken } from "./broken.ts";
import { ServerBehavior } from "./configurable-server.ts";

const REALM = { "www-authenticate": 'Bearer realm="mcp"' };
const INVALID = { "www-authenticate": 'Bearer realm="mcp", error="invalid_token"' };

/** Servers that let nobody in, and say so badly. */
export const BROKEN_MANNERS: readonly Broken[] = [
  {
    mistake: "says 403 to whoever shows nothing",
    caught: ["answers-401-without-key"],
    make: () => ({
      refuse(request, response, reading) {
        if (reading === "none") this.json(response, 403, { error: "forbidden" });
        else ServerBehavior.prototype.refuse.call(this, request, response, reading);
      },
    }),
  },
  {
    mistake: "sends whoever shows nothing to a page where people log in",
    caught: ["answers-401-without-key"],
    make: () => ({
      refuse(request, response, reading) {
        if (reading === "none") this.json(response, 302, {}, { location: "/login" });
        else ServerBehavior.prototype.refuse.call(this, request, response, reading);
      },
    }),
  },
  {
    mistake: "refuses with a JSON-RPC error in a 200",
    caught: ["answers-401-without-key", "answers-401-to-wrong-key"],
    make: () => ({
      refuse(_request, response) {
        this.rpcError(response, 200, { code: -32001, id: null });
      },
    }),
  },
  {
    mistake: "lets its verifier throw on keys it does not know",
    caught: ["answers-401-to-wrong-key"],
    make: () => ({
      refuse(request, response, reading) {
        if (reading === "wrong") this.json(response, 500, { error: "internal server error" });
        else ServerBehavior.prototype.refuse.call(this, request, response, reading);
      },
    }),
  },
  {
    mistake: "says 401 and not how to come in",
    caught: ["sends-challenge"],
    make: () => ({
      refuse(_request, response) {
        this.json(response, 401, { error: "unauthorized" });
      },
    }),
  },
  {
    mistake: "says how to come in to whoever shows nothing, and not to whoever shows a wrong key",
    caught: ["sends-challenge"],
    make: () => ({
      refuse(_request, response, reading) {
        this.json(response, 401, { error: "unauthorized" }, reading === "none" ? REALM : {});
      },
    }),
  },
  {
    mistake: "asks for Bearer without a parameter",
    caught: ["challenge-names-bearer"],
    make: () => ({
      refuse(_request, response, reading) {
        this.json(response, 401, {}, reading === "none" ? { "www-authenticate": "Bearer" } : INVALID);
      },
    }),
  },
  {
    mistake: "asks for a header that is not the one it reads",
    caught: ["challenge-names-bearer"],
    make: () => ({
      refuse(_request, response) {
        this.json(response, 401, {}, { "www-authenticate": 'ApiKey realm="mcp", header="X-API-Key"' });
      },
    }),
  },
  {
    mistake: "does not escape the quotes in what it explains",
    caught: ["challenge-parses"],
    make: () => ({
      refuse(_request, response, reading) {
        const described = 'Bearer realm="mcp", error="invalid_token", error_description="The "key" is not known"';
        this.json(response, 401, {}, reading === "none" ? REALM : { "www-authenticate": described });
      },
    }),
  },
  {
    mistake: "says invalid_token also to whoever shows nothing",
    caught: ["omits-error-without-key"],
    make: () => ({
      refuse(_request, response) {
        this.json(response, 401, { error: "invalid_token" }, INVALID);
      },
    }),
  },
  {
    mistake: "says the same to a wrong key as to none",
    caught: ["sends-invalid-token"],
    make: () => ({
      refuse(_request, response) {
        this.json(response, 401, { error: "unauthorized" }, REALM);
      },
    }),
  },
  {
    mistake: "tells whether it knows the id of a key",
    caught: ["same-answer-for-unknown-keys"],
    make: () => ({
      refuse(request, response, reading) {
        const [, id] = this.tokenOf(request).split("_");
        const known = this.keys.some((key) => key.split("_")[1] === id);
        const error = known ? "the secret does not match" : "there is no such key";
        if (reading === "none") ServerBehavior.prototype.refuse.call(this, request, response, reading);
        else this.json(response, 401, { error, id, request: randomUUID() }, INVALID);
      },
    }),
  },
  {
    mistake: "points to OAuth metadata that are not there",
    caught: ["oauth-metadata-resolves"],
    make: () => ({
      refuse(request, response, reading) {
        const metadata = `http://${request.headers.host ?? ""}/.well-known/oauth-protected-resource/mcp`;
        const error = reading === "none" ? "" : ', error="invalid_token"';
        const challenge = `Bearer resource_metadata="${metadata}"${error}`;
        this.json(response, 401, {}, { "www-authenticate": challenge });
      },
    }),
  },
  {
    mistake: "publishes OAuth metadata that name no authorization server",
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
    mistake: "parses bodies before it looks for a key",
    caught: ["rejects-before-parsing"],
    make: () => ({
      async handle(request, response) {
        // A limit on bodies, as parsers have it, so that none that is large is waited for.
        const isLarge = Number(request.headers["content-length"] ?? 0) > 100_000;
        const body = isLarge ? "" : await text(request);
        if (isLarge) this.json(response, 413, { error: "too large" });
        else if (body !== "" && !isJson(body)) this.json(response, 400, { error: "that is not JSON" });
        else await ServerBehavior.prototype.handle.call(this, again(request, body), response);
      },
    }),
  },
  {
    mistake: "reads bodies before it looks for a key",
    caught: ["rejects-before-reading"],
    make: () => ({
      async handle(request, response) {
        return ServerBehavior.prototype.handle.call(this, again(request, await text(request)), response);
      },
    }),
  },
];

/** A request whose body was read, for whoever reads it next. */
function again(request: IncomingMessage, body: string): IncomingMessage {
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
