import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import fastify from "fastify";
import { expect, onTestFinished, test } from "vitest";
import { guardFastify } from "../../../src/server/fastify.ts";
import { guardNode } from "../../../src/server/node/guard-node.ts";
import { createFixture } from "../fixture.ts";

/** Passes a request to a guard as an adapter of a serverless platform or a mock does, and returns the status. */
async function admit(headersFor: (token: string) => Record<string, unknown>): Promise<number> {
  const { verifier, issue } = await createFixture();
  const token = await issue("ci");
  const request = new IncomingMessage(new Socket());
  Object.assign(request, { method: "POST", url: "/mcp", complete: true }, headersFor(token));
  const response = new ServerResponse(request);
  response.statusCode = 0;
  guardNode(verifier)(request, response, () => response.writeHead(200));
  return response.statusCode;
}

test.each<[string, (bearer: string) => Record<string, unknown>]>([
  ["empty rawHeaders", (authorization) => ({ rawHeaders: [], headers: { authorization } })],
  ["no rawHeaders", (authorization) => ({ rawHeaders: undefined, headers: { authorization } })],
  ["lists as values", (bearer) => ({ headers: { authorization: [bearer], "x-list": ["a", "b"] } })],
  ["names in mixed case", (bearer) => ({ headers: { Authorization: bearer, HOST: "mcp.example" } })],
  [
    "numbers and undefined",
    (authorization) => ({ headers: { authorization, "content-length": 0, origin: undefined } }),
  ],
  ["no socket", (authorization) => ({ socket: undefined, headers: { authorization } })],
])("accepts a valid key in `headers` from an adapter with %s", async (_, requestOf) => {
  expect(await admit((token) => requestOf(`Bearer ${token}`))).toBe(200);
});

test.each<[string, (bearer: string) => Record<string, unknown>, number]>([
  ["no headers at all", () => ({ rawHeaders: undefined, headers: undefined }), 401],
  ["a wrong key", () => ({ headers: { authorization: "Bearer x" } }), 401],
  ["two keys in a list", (bearer) => ({ headers: { authorization: [bearer, bearer] } }), 400],
  ["two keys in two names", (bearer) => ({ headers: { authorization: bearer, Authorization: bearer } }), 400],
  ["two sessions in a list", (bearer) => ({ headers: { authorization: bearer, "mcp-session-id": ["a", "b"] } }), 400],
  ["two sessions, joined", (bearer) => ({ headers: { authorization: bearer, "mcp-session-id": "a, b" } }), 400],
  [
    "a foreign origin in a list",
    (bearer) => ({ headers: { authorization: bearer, origin: ["https://evil.example"] } }),
    403,
  ],
  [
    "the key in `headers` only, next to rawHeaders",
    (bearer) => ({
      ...{ rawHeaders: ["Host", "mcp.example"], headers: { authorization: bearer } },
    }),
    401,
  ],
])("refuses a request from an adapter with %s", async (_, requestOf, status) => {
  expect(await admit((token) => requestOf(`Bearer ${token}`))).toBe(status);
});

test("accepts requests that Fastify injects without a server", async () => {
  const { verifier, issue } = await createFixture();
  const authorization = `Bearer ${await issue("ci")}`;
  const app = fastify();
  onTestFinished(() => app.close());
  await app.register(guardFastify, { verifier });
  app.post("/mcp", () => "ok");
  const ask = async (headers: Record<string, string>) =>
    (await app.inject({ method: "POST", url: "/mcp", headers })).statusCode;
  expect(await ask({ authorization, "mcp-session-id": "a" })).toBe(200);
  expect(await ask({ "mcp-session-id": "a" })).toBe(401);
});
