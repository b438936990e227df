import fc from "fast-check";
import { expect, test } from "vitest";
import { formatRequest } from "../../../src/http/socket/format-request.ts";
import { RUNS } from "../../arbitraries.ts";

const url = new URL("http://server.example:81/mcp?a=1");
const request = { url, method: "POST", headers: {} };

test("writes the target, the host, the length and whether the connection ends", () => {
  const text = String(formatRequest({ ...request, body: "ä" }, true));
  expect(text).toBe(
    "POST /mcp?a=1 HTTP/1.1\r\nhost: server.example:81\r\ncontent-length: 2\r\nconnection: close\r\n\r\nä",
  );
});

test("writes HTTP/1.0, another target, several values, no host, and a connection that stays", () => {
  const headers = { "x-a": ["1", "2"] };
  const text = String(formatRequest({ ...request, headers, path: "*", version: "1.0", omitHost: true }, false));
  expect(text).toBe("POST * HTTP/1.0\r\nx-a: 1\r\nx-a: 2\r\nconnection: keep-alive\r\n\r\n");
});

test("writes a body in one chunk, which ends", () => {
  const headers = { "transfer-encoding": "chunked" };
  expect(String(formatRequest({ ...request, headers, body: "{}" }, true))).toMatch(/\r\n\r\n2\r\n\{\}\r\n0\r\n\r\n$/);
  expect(String(formatRequest({ ...request, headers }, true))).toMatch(/\r\n\r\n0\r\n\r\n$/);
});

test("no header can begin another one", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (value) => {
      const lines = (): string[] =>
        formatRequest({ ...request, headers: { "x-a": value } }, true)
          .toString("latin1")
          .split("\r\n");
      if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) expect(lines).toThrow(expect.objectContaining({ code: "USAGE" }));
      else expect(lines()).toHaveLength(6);
    }),
    { numRuns: RUNS.some },
  );
});
