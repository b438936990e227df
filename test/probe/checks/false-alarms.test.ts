import { expect, test } from "vitest";
import type { Report } from "../../../src/probe/report/report.ts";
import { ServerBehavior, startServer, type Mistake } from "../servers/configurable-server.ts";
import { probeAt } from "../servers/probing.ts";
import { during, TOKEN } from "../verify/verifying.ts";

/** Unusual refusals, as real servers send them. None of these servers gives anything without a key. */
const REFUSALS: Readonly<Record<string, () => Mistake>> = {
  "with 403 and no challenge": () => refusing((_, response) => void response.writeHead(403).end()),
  "with 404": () => refusing((_, response) => void response.writeHead(404).end("Not found")),
  "with 500 and a page": () =>
    refusing((_, response) => void response.writeHead(500, { "content-type": "text/html" }).end("<pre>Error</pre>")),
  "with 503": () => refusing((_, response) => void response.writeHead(503).end()),
  "with a redirect to a login page": () =>
    refusing((_, response) => void response.writeHead(302, { location: "https://login.example/" }).end()),
  "with 200 and a page": () =>
    refusing((_, response) => void response.writeHead(200, { "content-type": "text/html" }).end("<h1>Sign in</h1>")),
  "with 200 and JSON": () =>
    refusing((_, response) => void response.writeHead(200, JSON_BODY).end('{"error":"unauthorized","tools":[]}')),
  "with 200 and a JSON-RPC error": () =>
    refusing((_, response) => void response.writeHead(200, JSON_BODY).end(rpcError("Unauthorized"))),
  "with 202 and no body": () => refusing((_, response) => void response.writeHead(202).end()),
  "with 401 and a challenge that does not parse": () =>
    refusing((_, response) => void response.writeHead(401, { "www-authenticate": 'Bearer "' }).end()),
  "by dropping the connection": () => refusing((request) => void request.socket.destroy()),
  "with an error in an event stream": () =>
    refusing((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(`event: message\ndata: ${rpcError("Unauthorized")}\n\n`);
    }),
  "with an error in an event stream that stays open": () =>
    refusing((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(`event: message\ndata: ${rpcError("Unauthorized")}\n\n`);
    }),
};

const JSON_BODY = { "content-type": "application/json" };

function rpcError(message: string): string {
  return JSON.stringify({ jsonrpc: "2.0", id: null, error: { code: -32_001, message } });
}

function refusing(refuse: NonNullable<Mistake["refuse"]>): Mistake {
  return { refuse };
}

const SHAPES = {
  "that speaks both eras": {},
  "with sessions": { eras: "legacy", stateful: true },
  "that speaks HTTP+SSE": { eras: "sse" },
} as const satisfies Record<string, Mistake>;

test.concurrent.for(Object.entries<Mistake>(SHAPES))(
  "a server %s is not unprotected, however it refuses",
  { timeout: 60_000 },
  async ([, shape], { onTestFinished }) => {
    const alarms = await Promise.all(
      Object.entries(REFUSALS).map(async ([how, refusal]) => {
        const { url } = await during(startServer([TOKEN.reveal()], { ...shape, ...refusal() }), onTestFinished);
        return [how, alarmsIn(await probeAt(url, { timeoutMs: 500 }))] as const;
      }),
    );
    expect(alarms.filter(([, found]) => found.length > 0)).toEqual([]);
  },
);

test("a server that never answers without a key is inconclusive", async () => {
  const { url } = await during(
    startServer(
      [TOKEN.reveal()],
      refusing(() => undefined),
    ),
  );
  const report = await probeAt(url, { timeoutMs: 50 });
  expect(alarmsIn(report)).toEqual([]);
  expect(report).toMatchObject({ result: "inconclusive", proven: false });
});

test("a tool result that says forbidden does not count as accepted", async () => {
  const { url } = await during(
    startServer([TOKEN.reveal()], {
      eras: "modern",
      // The guard protects lists; the tool itself refuses calls.
      isGuarded: (request) => request.headers["mcp-method"] !== "tools/call",
      answer(response, posted) {
        if (posted.method === "tools/list") this.result(response, posted, { tools: [{ name: "add" }] });
        else if (this.readKey(response.req) === "valid") this.result(response, posted, { content: [] });
        else this.result(response, posted, { content: [{ type: "text", text: "forbidden" }], isError: true });
      },
    }),
  );
  const report = await probeAt(url, { tool: "add" });
  expect(alarmsIn(report)).toEqual([]);
  expect(report.findings.find(({ id }) => id === "requires-key-for-tool-call")).toMatchObject({ status: "pass" });
});

test("a tool that fails the same way with and without a key is untestable", async () => {
  const { url } = await during(
    startServer([TOKEN.reveal()], {
      eras: "modern",
      isGuarded: (request) => request.headers["mcp-name"] !== "add",
      answer(response, posted) {
        if (posted.method === "tools/list") this.result(response, posted, { tools: [{ name: "add" }] });
        else this.result(response, posted, { content: [{ type: "text", text: "a is missing" }], isError: true });
      },
    }),
  );
  const report = await probeAt(url, { tool: "add" });
  expect(report.findings.find(({ id }) => id === "requires-key-for-tool-call")).toMatchObject({ status: "untestable" });
});

test("a server with a single session for all clients is inconclusive", async () => {
  let taken = false;
  const { url } = await during(
    startServer([TOKEN.reveal()], {
      eras: "legacy",
      stateful: true,
      isGuarded: () => false,
      answerLegacy(request, response, posted) {
        if (posted.method === "initialize" && taken) {
          this.rpcError(response, 400, { code: -32_600, id: null });
          return;
        }
        taken = true;
        ServerBehavior.prototype.answerLegacy.call(this, request, response, posted);
      },
    }),
  );
  const report = await probeAt(url);
  expect(alarmsIn(report)).toEqual([]);
  expect(report.result).toBe("inconclusive");
});

test("an HTML page, a JSON description and an unrelated event stream are not an open MCP stream", async () => {
  for (const [type, body] of [
    ["text/html", "<h1>MCP</h1>"],
    ["application/json", '{"name":"test-server"}'],
    ["text/event-stream", "data: reload\n\n"],
  ] as const) {
    const { url } = await during(
      startServer([TOKEN.reveal()], {
        eras: "modern",
        isGuarded: (request) => request.method !== "GET" || request.headers.authorization !== undefined,
        stream(request, response) {
          if (request.headers.authorization === undefined) response.writeHead(200, { "content-type": type }).end(body);
          else this.json(response, 405, {});
        },
      }),
    );
    expect(alarmsIn(await probeAt(url))).toEqual([]);
  }
});

function alarmsIn({ findings }: Report): string[] {
  return findings
    .filter(({ about, status }) => about === "access" && status !== "pass" && status !== "untestable")
    .map(({ id, observed }) => `${id}: ${observed}`);
}
