import { expect, test } from "vitest";
import { parseReply } from "../../../src/probe/mcp/reply.ts";

const reply = { jsonrpc: "2.0", id: "7", result: { ok: true } };

test.each([
  ["a single reply", reply, { result: { ok: true } }],
  [
    "a batch",
    [{ jsonrpc: "2.0", id: "8", result: {} }, { jsonrpc: "2.0", method: "x" }, reply],
    { result: { ok: true } },
  ],
  [
    "a batch with a request of the same id",
    [{ jsonrpc: "2.0", id: "7", method: "ping" }, reply],
    { result: { ok: true } },
  ],
  [
    "an error",
    { id: "7", error: { code: -1, message: "no", data: { a: 1 } } },
    { error: { code: -1, message: "no", data: { a: 1 } } },
  ],
  ["an error without an id", { error: { code: -1, message: "no" } }, { error: { code: -1, message: "no", data: {} } }],
  [
    "an error for a null id",
    { id: null, error: { code: "x", message: 7 } },
    { error: { code: 0, message: "", data: {} } },
  ],
  [
    "a result and an error",
    { ...reply, error: { code: 1, message: "" } },
    { error: { code: 1, message: "", data: {} } },
  ],
  ["a result for a null id", { ...reply, id: null }, null],
  ["a result for a numeric id", { ...reply, id: 7 }, null],
  ["a result for another id", { ...reply, id: "8" }, null],
  ["a request", { jsonrpc: "2.0", id: "7", method: "ping" }, null],
  ["no result", { jsonrpc: "2.0", id: "7" }, null],
  ["a result that is not an object", { ...reply, result: [1] }, null],
  ["a string", "7", null],
  ["null", null, null],
])("parses %s", (_, message, found) => {
  expect(parseReply(JSON.stringify(message), "7")).toEqual(found);
});

test("returns null for invalid JSON", () => {
  expect(parseReply('{"id":"7","result":{', "7")).toBeNull();
});
