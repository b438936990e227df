import { gzip } from "../../core/gzip.ts";
import { isObject, parseJson, type JsonObject } from "../mcp/json.ts";
import type { Variation } from "../mcp/variation.ts";
import { header, without } from "./headers.ts";

/** Types that a guard may not count as JSON and a lenient parser does. */
const CONTENT_TYPES = [
  "text/plain",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=mcp",
  "application/vnd.mcp+json",
  "application/jsonrequest",
  "application/json; charset=utf-8",
  "APPLICATION/JSON",
].map((type) => header("Content-Type", type));

/** Wishes for another answer than clients of MCP have. */
const ACCEPTED = ["text/event-stream", "text/html, application/json, text/event-stream", "*/*", "application/json"].map(
  (type) => header("Accept", type),
);

const ENCODINGS: readonly Variation[] = [
  { name: "a body in gzip", headers: { "content-encoding": "gzip" }, body: gzip },
  {
    name: "a body in UTF-16",
    headers: { "content-type": "application/json; charset=utf-16le" },
    body: (json) => new Uint8Array(Uint16Array.from(json, (letter) => letter.charCodeAt(0)).buffer),
  },
  header("Content-Encoding", "identity"),
  header("Content-Encoding", "mcp-keys"),
  header("Transfer-Encoding", "chunked"),
];

/** Other forms of one JSON-RPC message. A guard that reads the body may read it differently than the handler. */
const FORMS: readonly Variation[] = [
  {
    name: "two methods in the message, ping first",
    body: (json) => json.replace('"method":', '"method":"ping","method":'),
  },
  { name: "a batch with a ping first", body: (json) => `[{"jsonrpc":"2.0","id":0,"method":"ping"},${json}]` },
  { name: "a message with the id null", body: rewrite((message) => ({ ...message, id: null })) },
  { name: "a message with the id 0", body: rewrite((message) => ({ ...message, id: 0 })), composes: true },
  {
    name: "an escaped method and more space in the message",
    body: (json) => ` ${json.replace(/"method":"(.)/, (_, letter: string) => `"method" : "${escaped(letter)}`)} \n`,
    composes: true,
  },
  { name: "a message without jsonrpc", body: rewrite((message) => ({ ...message, jsonrpc: undefined })) },
  { name: "a message with a BOM", body: (json) => `\uFEFF${json}` },
  { name: "text after the message", body: (json) => `${json}\n{}` },
];

function rewrite(change: (message: JsonObject) => object): (json: string) => string {
  return (json) => {
    const message = parseJson(json);
    return isObject(message) ? JSON.stringify(change(message)) : json;
  };
}

function escaped(letter: string): string {
  return `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Other content types, encodings and forms of the same message. */
export const OTHER_BODIES: readonly Variation[] = [
  ...FORMS,
  ...CONTENT_TYPES,
  without("Content-Type"),
  ...ACCEPTED,
  without("Accept"),
  ...ENCODINGS,
];
