import { gunzipSync } from "node:zlib";
import type { BrokenServer } from "../broken.ts";
import { readingBody, skipping } from "./skipping.ts";

const CHECK = "requires-key-for-every-body";

interface Message {
  readonly id?: string | number | null;
  readonly jsonrpc?: string;
  readonly method: string;
}

function parse(body: string): Message {
  return JSON.parse(body) as Message;
}

/** Servers whose guard goes by the headers of the body. */
const BY_HEADERS = skipping(CHECK, [
  [
    "guards only application/json and reads everything as JSON",
    /Content-Type: text\/plain/,
    (headers) => headers["content-type"] !== "application/json",
  ],
  [
    "guards types that start with application/json, and reads every type with +json",
    /vnd\.mcp\+json/,
    (headers) => headers["content-type"]?.endsWith("+json") === true,
  ],
  [
    "guards application/json and lets its parser find json anywhere in the type",
    /application\/jsonrequest/,
    (headers) => headers["content-type"] === "application/jsonrequest",
  ],
  [
    "takes forms for those of its login page",
    /x-www-form-urlencoded/,
    (headers) => headers["content-type"] === "application/x-www-form-urlencoded",
  ],
  [
    "takes multipart for an upload with its own check",
    /multipart/,
    (headers) => headers["content-type"]?.startsWith("multipart/") === true,
  ],
  [
    "takes a request without a type for one without a body",
    /no Content-Type/,
    (headers) => headers["content-type"] === undefined,
  ],
  [
    "compares the type case-sensitively",
    /APPLICATION\/JSON/,
    (headers) =>
      headers["content-type"]?.includes("application/json") === false &&
      headers["content-type"].length === 16 &&
      /^[A-Z]/.test(headers["content-type"]),
  ],
  [
    "compares the type with its parameters",
    /charset=utf-8/,
    (headers) => headers["content-type"] === "application/json; charset=utf-8",
  ],
  [
    "lets event streams through because browsers cannot send keys with them",
    /Accept: text\/event-stream/,
    (headers) => headers["accept"] === "text/event-stream",
  ],
  ["shows its documentation to browsers", /text\/html/, (headers) => headers["accept"]?.includes("text/html") === true],
  ["takes a request that accepts anything for a health check", /\*\/\*/, (headers) => headers["accept"] === "*/*"],
  ["takes a request without Accept for a health check", /no Accept/, (headers) => headers["accept"] === undefined],
  [
    "guards requests whose Content-Length is not 0",
    /chunked/,
    (headers) => !Number(headers["content-length"] ?? 0) && headers["transfer-encoding"] !== undefined,
  ],
  ["leaves encoded bodies to a proxy", /Content-Encoding/, (headers) => headers["content-encoding"] !== undefined],
]);

/** Servers whose guard reads the message, and reads it differently than the handler. */
const BY_MESSAGE = readingBody(CHECK, [
  {
    mistake: "cannot inflate the body in its guard and lets it through",
    culprit: /gzip/,
    skips: (body) => parse(body).method === "",
    decode: (body) => (body[0] === 0x1f ? gunzipSync(body) : body).toString(),
  },
  {
    mistake: "cannot parse a BOM in its guard and lets the message through",
    culprit: /BOM/,
    skips: (body) => parse(body).method === "",
    decode: (body) => body.toString().replace(/^\uFEFF/, ""),
  },
  {
    mistake: "parses strictly in its guard and leniently in its handler",
    culprit: /text after the message/,
    skips: (body) => parse(body).method === "",
    decode: (body) => body.toString().split("\n")[0] ?? "",
  },
  {
    mistake: "reads UTF-16 only in its handler",
    culprit: /UTF-16/,
    skips: (body) => parse(body).method === "",
    decode: (body) => body.toString(body[1] === 0 ? "utf16le" : "utf8"),
  },
  {
    mistake: "takes a message with the id 0 for a notification",
    culprit: /id 0/,
    skips: (body) => parse(body).id === 0,
  },
  {
    mistake: "takes a message with the id null for a notification",
    culprit: /id null/,
    skips: (body) => parse(body).id === null,
  },
  {
    mistake: "looks for the first method in the text of the message",
    culprit: /two methods/,
    skips: (body) => /"method"\s*:\s*"([^"]*)"/.exec(body)?.[1] === "ping",
    caught: ["requires-key-for-handshake"],
    eras: "legacy",
  },
  {
    mistake: "looks for the names of guarded methods in the text of the message",
    culprit: /escaped method/,
    skips: (body) =>
      body.includes('"jsonrpc"') &&
      !/"method"\s*:\s*"(?:tools|initialize|notifications|ping|server|resources|prompts)/.test(body),
    eras: "legacy",
  },
  {
    mistake: "guards only messages of JSON-RPC 2.0",
    culprit: /without jsonrpc/,
    skips: (body) => parse(body).jsonrpc !== "2.0" && !body.startsWith("["),
  },
  {
    mistake: "guards messages and forgot batches, in the modern era",
    culprit: /batch with a ping first/,
    skips: (body) => Array.isArray(JSON.parse(body)),
    caught: ["rejects-before-parsing", "requires-key-for-batches"],
    eras: "modern",
  },
]);

export const OPEN_BODIES: readonly BrokenServer[] = [...BY_HEADERS, ...BY_MESSAGE];
