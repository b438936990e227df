import { once } from "node:events";
import type { RequestListener, Server } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { createMcpHandler } from "@modelcontextprotocol/server";
import express, { type RequestHandler } from "express";
import fastify from "fastify";
import { Hono } from "hono";
import { expect, onTestFinished, test } from "vitest";
import { probeAt } from "../servers/probing.ts";
import { during } from "../verify/verifying.ts";
import { EXAMPLES } from "../../e2e/example.ts";
import { createProcesses } from "../../e2e/process.ts";
import { startServerProcess } from "../../e2e/server-process.ts";
import { createFixture } from "../../server/fixture.ts";
import { listen } from "../../servers/listen.ts";
import { startStateful } from "../../servers/sdk-v1.ts";
import { createServer, startDual } from "../../servers/sdk-v2.ts";
import { SDK_KINDS, startSdkServer, type SdkServer } from "../../servers/sdk.ts";
import { Secret } from "../../../src/core/secret.ts";
import type { ProbeServerOptions } from "../../../src/probe/probe.ts";
import type { Report } from "../../../src/probe/report/report.ts";
import { guardFastify } from "../../../src/server/fastify.ts";
import { guardFetch } from "../../../src/server/fetch/guard-fetch.ts";
import { guardNode } from "../../../src/server/node/guard-node.ts";
import type { Verifier } from "../../../src/server/verifier/verifier.ts";

/** Starts a server behind our guard as `docs/server.md` shows, and returns its URL. It stops with the test. */
type Start = (verifier: Verifier) => Promise<string>;

const behindNode = SDK_KINDS.map((kind): [string, Start] => [
  `${kind} behind guardNode`,
  async (verifier) => (await during(startSdkServer(kind, { guard: guardNode(verifier) }))).url,
]);

const behindFrameworks: [string, Start][] = [
  [
    "an Express app with sessions",
    async (verifier) => {
      const app = express();
      app.set("env", "production");
      app.use("/mcp", guardNode(verifier) as RequestHandler, express.json(), answerWith(startStateful()));
      return (await during(listen(app as RequestListener))).url;
    },
  ],
  [
    "a Hono app",
    async (verifier) => {
      const guard = guardFetch(verifier);
      const handler = createMcpHandler(createServer);
      const app = new Hono();
      app.all("/mcp", (c) => guard(c.req.raw, (request, authInfo) => handler.fetch(request, { authInfo })));
      const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 }) as Server;
      await once(server, "listening");
      return endWithTest(server);
    },
  ],
  [
    "a Fastify app",
    async (verifier) => {
      const { handler } = startDual();
      const app = fastify();
      await app.register(guardFastify, { verifier });
      app.all("/mcp", (request, reply) => handler(request.raw, reply.hijack().raw, request.body));
      onTestFinished(() => app.close());
      return `${await app.listen({ host: "127.0.0.1", port: 0 })}/mcp`;
    },
  ],
];

test.each([...behindNode, ...behindFrameworks])("gives A+ to %s", async (_, start) => {
  const { verifier, issue } = await createFixture();
  const [key, second] = [await issue("ci"), await issue("other")];
  const url = await start(verifier);
  expectNoFaults(await probe(url, key, second));
});

test("all checks take less than eight seconds at the default rate, and at most 160 requests", async () => {
  const { verifier, issue } = await createFixture();
  const [key, second] = [await issue("ci"), await issue("other")];
  const { url } = await during(startSdkServer("v1-stateless", { guard: guardNode(verifier) }));
  const started = performance.now();
  const { grade, sent } = await probe(url, key, second, { rate: 20 });
  const seconds = (performance.now() - started) / 1000;
  console.log(`${seconds.toFixed(2)} s for ${sent.requests} requests, ${sent.wrong} of them without the valid key`);
  expect(grade).toBe("A+");
  expect(seconds).toBeLessThan(8);
  expect(sent.requests).toBeLessThanOrEqual(160);
});

const examples = ["express-sdk-v1", "fastify", "hono-sdk-v2", "https", "node-http"];

test.each(examples)("gives A+ to the example %s", async (name) => {
  expectNoFaults(await probeExample(name));
});

test("a server in another process follows its store, and ends the streams of a revoked key", async () => {
  const { findings, figures } = await probeExample("hono-sdk-v2", (store) => ["--store", store]);
  const lifecycle = findings.filter(({ group }) => group === "lifecycle");
  expect(lifecycle.filter(({ status }) => status !== "pass")).toEqual([]);
  expect(lifecycle.map(({ id }) => id)).toContain("ends-streams-of-revoked-key");
  expect(figures?.revokedKeySeconds).toBeLessThan(5);
  expect(figures?.revokedStreamSeconds).toBeLessThan(5);
});

/** Runs the CLI against an example. `more` adds arguments, for example the store of the server. */
async function probeExample(name: string, more: (store: string) => string[] = () => []): Promise<Report> {
  const { mcpKeys, env, file } = createProcesses();
  const [key, second] = await Promise.all([mcpKeys(["generate", "ci"]), mcpKeys(["generate", "other"])]);
  const { url } = await startServerProcess(`${EXAMPLES}${name}/server.js`, {
    ...env,
    // Otherwise Express answers errors with stack traces.
    NODE_ENV: "production",
  });
  const { status, stdout } = await mcpKeys(
    ["test", url, "--json", "--rate", "1000", "--second-key-env", "SECOND_KEY", ...more(`file:${file}`)],
    { stdin: key.stdout, env: { SECOND_KEY: second.stdout.trim() } },
  );
  expect(status).toBe(0);
  return JSON.parse(stdout) as Report;
}

/** Runs every check with a second key. */
function probe(url: string, key: string, second: string, more: Partial<ProbeServerOptions> = {}): Promise<Report> {
  return probeAt(url, { key: new Secret(key), secondKey: new Secret(second), ...more });
}

function expectNoFaults(report: Report): void {
  expect(report.findings.filter(({ status }) => status === "fail" || status === "warn")).toEqual([]);
  expect(report).toMatchObject({ ok: true, result: "protected", grade: "A+" });
}

function answerWith({ handler, close }: SdkServer): RequestHandler {
  onTestFinished(close);
  return (request, response) => void handler(request, response, request.body);
}

function endWithTest(server: Server): string {
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
}
