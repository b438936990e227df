import { expect, test } from "vitest";
import type { HttpInit, HttpRequest } from "../../../src/http/http.ts";
import { Secret } from "../../../src/core/secret.ts";
import { listen } from "../../servers/listen.ts";
import {
  error,
  GREETING,
  legacy,
  result,
  startScripted,
  UNAUTHORIZED,
  type Call,
  type Script,
} from "../../servers/scripted.ts";
import { during, TOKEN, verify } from "./verifying.ts";

const MINE = TOKEN.reveal();
const BARE = { name: "authorization", scheme: null };
const onlyForMe =
  (script: Script): Script =>
  (call) =>
    call.token === MINE ? script(call) : UNAUTHORIZED;

/** Records requests without sending them. */
function recording(): { request: HttpRequest; sent: HttpInit[] } {
  const sent: HttpInit[] = [];
  return { sent, request: (init) => (sent.push(init), Promise.reject(new Error("was sent"))) };
}

test("sends nothing over plain http beyond this machine, unless allowed", async () => {
  const { request, sent } = recording();
  const url = "http://mcp.example.com/mcp";
  expect(await verify(url, TOKEN, { request })).toMatchObject({
    ...{ ok: false, outcome: "insecure-transport", presented: null, hint: expect.stringContaining("--allow-http") },
  });
  expect(sent).toEqual([]);
  await expect(verify(url, TOKEN, { request, allowHttp: true })).rejects.toThrow("was sent");
  await expect(verify("https://mcp.example.com/mcp", TOKEN, { request })).rejects.toThrow("was sent");
  expect(sent.map(({ headers }) => headers["authorization"])).toEqual([`Bearer ${MINE}`, `Bearer ${MINE}`]);
});

test.each(["hunter2\r\nX-Evil: 1", "hunter2 hunter3", "hunter2\u0000", "hünter2", ""])(
  "rejects a token that a header cannot carry: %j",
  async (token) => {
    const { request, sent } = recording();
    const refused = verify("http://127.0.0.1:1/", new Secret(token), { request });
    await expect(refused).rejects.toMatchObject({ code: "TOKEN_UNUSABLE" });
    await expect(refused).rejects.not.toThrow(/hunter/);
    expect(sent).toEqual([]);
  },
);

const X_API_KEY = { name: "x-api-key", scheme: null };

test.each([
  ["Bearer abc", BARE, "starts with Bearer"],
  ["bearer abc", X_API_KEY, "starts with Bearer"],
  ["abc ", BARE, "character"],
  [" abc", X_API_KEY, "character"],
  ["Token abc\n", BARE, "character"],
  ["Token abc", undefined, "contains a space"],
])("rejects %j in a header without a scheme", async (token, header, says) => {
  const { request, sent } = recording();
  const refused = verify("http://127.0.0.1:1/", new Secret(token), { request, ...(header && { header }) });
  await expect(refused).rejects.toMatchObject({ code: "TOKEN_UNUSABLE", message: expect.stringContaining(says) });
  expect(sent).toEqual([]);
});

test.each([
  ["Token abcdefgh12345678", BARE, /^Token \S+$/],
  ["correct horse battery staple", X_API_KEY, /^[\x21-\x7e ]+$/],
])("presents %j and its wrong forms in the same header", async (token, header, form) => {
  const seen: string[] = [];
  const { url } = await during(
    startScripted((call) => {
      const value = String(call.request.headers[header.name] ?? "");
      if (value !== "") seen.push(value);
      return value === token ? legacy()(call) : UNAUTHORIZED;
    }),
  );
  expect(await verify(url, new Secret(token), { header })).toMatchObject({ outcome: "enforced" });
  expect(seen.filter((value) => !form.test(value))).toEqual([]);
  expect(new Set(seen).size).toBe(3);
});

test.each([301, 302, 303, 307, 308])(
  "does not follow a %i redirect and sends nothing to its target",
  async (status) => {
    const other = await during(listen((_, response) => response.end()));
    const { url } = await during(startScripted(() => ({ status, headers: { location: `${other.url}/?t=${MINE}#x` } })));
    const found = await verify(url);
    expect(found).toMatchObject({ outcome: "not-mcp", presented: { status }, anonymous: null, bogus: null });
    expect(found.hint).toContain(`redirects to ${other.url}/, where the key was not sent`);
    expect(other.seen).toEqual([]);
  },
);

test("does not follow a redirect after the handshake", async () => {
  const { url } = await during(
    startScripted(
      legacy(({ method }) => (method === "tools/list" ? { status: 307, headers: { location: "/mcp/" } } : undefined)),
    ),
  );
  expect(await verify(url)).toMatchObject({ outcome: "not-mcp", hint: expect.stringContaining("/mcp/, where") });
});

test.each(["", "javascript:alert(1)", "http://", "//[::"])("does not recommend a redirect to %j", async (location) => {
  const { url } = await during(startScripted(() => ({ status: 302, headers: { location } })));
  const { hint } = await verify(url);
  expect(hint).not.toContain("javascript");
});

test("removes the token and control characters from text that the server echoes", async () => {
  const evil = (call: Call): string =>
    `\u001b]0;pwned\u0007${call.request.headers.authorization ?? "none"} ${MINE.slice(30)}`;
  const header = (call: Call): string => encodeURI(evil(call)).replaceAll("%20", " ");
  const echoes: Script[] = [
    (call) => ({
      status: 401,
      headers: { "www-authenticate": `Bearer x="${header(call)}"` },
      body: { message: evil(call) },
    }),
    (call) => ({ status: 403, body: { error: evil(call) } }),
    (call) => ({ status: 500, body: { error_description: evil(call) } }),
    () => ({ status: 307, headers: { location: `http://${MINE.slice(20, 60)}.example/${MINE}` } }),
    (call) => error(call, -1, evil(call)),
    (call) => ({ status: 429, headers: { "retry-after": header(call) } }),
    legacy((call) => {
      const serverInfo = { name: evil(call), version: evil(call) };
      return call.method === "initialize" ? result(call, { ...GREETING, serverInfo }) : undefined;
    }),
    legacy((call) => {
      if (call.method === "initialize") return result(call, { ...GREETING, protocolVersion: MINE.slice(20, 50) });
      return undefined;
    }),
    ({ id }) => ({
      status: 400,
      body: { jsonrpc: "2.0", id, error: { code: -32022, message: MINE, data: { supported: [MINE] } } },
    }),
  ];
  for (const script of echoes) {
    const { url } = await during(startScripted(script));
    const found = await verify(url);
    const shown = JSON.stringify(found);
    expect(found.outcome).not.toBe("enforced");
    for (let i = 17; i + 8 <= MINE.length; i++)
      expect(shown.toLowerCase()).not.toContain(MINE.slice(i, i + 8).toLowerCase());
    expect(shown).not.toMatch(/\\u00|\p{Cc}/u);
  }
});

test.each([
  ["a web page", { body: "<html>hello</html>" }, "(200)"],
  ["a 404 page", { status: 404, body: "<html>no</html>" }, "(404)"],
  ["JSON of another kind", { body: { hello: "world" } }, "(200)"],
  ["an empty array", { body: [] }, "(200)"],
  ["truncated JSON", { headers: { "content-type": "application/json" }, body: '{"jsonrpc":"2.0","id' }, "(200)"],
  ["an empty answer", { status: 204 }, "(204)"],
  ["an answer to another id", { body: { jsonrpc: "2.0", id: 99, result: GREETING } }, "(200)"],
  ["a result that is not an object", { body: { jsonrpc: "2.0", id: "mcp-keys:initialize", result: 7 } }, "(200)"],
  [
    "a version that a header cannot carry",
    { body: { jsonrpc: "2.0", id: "mcp-keys:initialize", result: { protocolVersion: "a\r\nb" } } },
    "(200)",
  ],
])("%s is not MCP", async (_, answer, says) => {
  const { url } = await during(startScripted(() => answer));
  const found = await verify(url);
  expect(found).toMatchObject({ ok: false, outcome: "not-mcp", hint: expect.stringContaining(says), anonymous: null });
  expect(found).not.toHaveProperty("era");
});

test("suggests /mcp for another path", async () => {
  const elsewhere = await during(startScripted(() => ({ status: 404 }), "/api"));
  expect((await verify(elsewhere.url)).hint).toContain("often answer at /mcp");
  const there = await during(startScripted(() => ({ status: 404 })));
  expect((await verify(there.url)).hint).not.toContain("often");
});

test("a closed port and a server that never answers are unreachable within the timeout", async () => {
  const gone = await listen(() => undefined);
  await gone.close();
  expect(await verify(gone.url)).toMatchObject({
    outcome: "unreachable",
    hint: expect.stringContaining("refuses connections"),
  });

  const { url } = await during(startScripted(() => null));
  const started = performance.now();
  expect(await verify(url, TOKEN, { timeoutMs: 200 })).toMatchObject({
    ...{ outcome: "unreachable", presented: null, hint: expect.stringContaining("did not answer in time") },
  });
  expect(performance.now() - started).toBeLessThan(1500);
});

test("the timeout covers all requests together", async () => {
  const { url } = await during(
    startScripted((call) => {
      const answer = legacy()(call)!;
      setTimeout(() => call.response.writeHead(answer.status ?? 200).end(JSON.stringify(answer.body ?? "")), 100);
      return null;
    }),
  );
  expect(await verify(url, TOKEN, { timeoutMs: 250 })).toMatchObject({ outcome: "unreachable" });
});

test("an endless body is not MCP, and an event stream without a reply times out", async () => {
  const endless = await during(
    startScripted(({ response }) => {
      const more = (): void => {
        while (!response.destroyed && response.write("x".repeat(65_536))) continue;
      };
      response.writeHead(200, { "content-type": "application/json" }).on("drain", more);
      more();
      return null;
    }),
  );
  expect(await verify(endless.url)).toMatchObject({ outcome: "not-mcp", hint: expect.stringContaining("too large") });

  const keepalive = await during(
    startScripted(({ response }) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      const timer = setInterval(() => response.write(": keepalive\n\n"), 5);
      response.on("close", () => clearInterval(timer));
      return null;
    }),
  );
  expect(await verify(keepalive.url, TOKEN, { timeoutMs: 200 })).toMatchObject({ outcome: "unreachable" });
});

test("a refusal without its announced body is still a refusal", async () => {
  const { url } = await during(
    startScripted(({ method, response, token }) => {
      if (token !== MINE || method !== "server/discover") return UNAUTHORIZED;
      response.writeHead(401, { "content-length": "100", "www-authenticate": "Bearer realm=x" }).flushHeaders();
      return null;
    }),
  );
  expect(await verify(url)).toMatchObject({
    outcome: "refused",
    presented: { status: 401, challenge: "Bearer realm=x" },
  });
});

test("explains an unsolicited compressed answer", async () => {
  const { url } = await during(startScripted(() => ({ headers: { "content-encoding": "gzip" }, body: "zzz" })));
  expect(await verify(url)).toMatchObject({ outcome: "not-mcp", hint: expect.stringContaining("compressed") });
});

test("finds the reply in a stream and does not wait for its end", async () => {
  const { url } = await during(
    startScripted(
      onlyForMe((call) => {
        if (call.method === "notifications/initialized") return { status: 202 };
        if (call.method === "server/discover") return { status: 400, body: "no" };
        call.response.writeHead(200, { "content-type": "Text/Event-Stream; charset=utf-8" });
        const events = [
          { method: "notifications/message", params: {} },
          { id: call.id, method: "ping" },
          { id: "another", result: { tools: [] } },
          { id: call.id, result: call.method === "initialize" ? GREETING : { tools: [{}, {}, {}] } },
        ];
        call.response.write(`id: 0\ndata: \n\nretry: 5\n: hi\n\ndata: {broken\n\n`);
        for (const event of events)
          call.response.write(`event: message\ndata: ${JSON.stringify({ jsonrpc: "2.0", ...event })}\n\n`);
        return null; // and stays open
      }),
    ),
  );
  expect(await verify(url)).toMatchObject({ outcome: "enforced", era: "legacy", tools: 3 });
});

test("does not wait for a stream after a notification, or for an answer to DELETE", async () => {
  const { url } = await during(
    startScripted(
      onlyForMe(
        legacy(({ method, id, response }) => {
          if (method === "DELETE") return null;
          if (method === "initialize")
            return { headers: { "mcp-session-id": "s" }, body: { jsonrpc: "2.0", id, result: GREETING } };
          if (method !== "notifications/initialized") return undefined;
          response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
          return null;
        }),
      ),
    ),
  );
  const started = performance.now();
  expect(await verify(url)).toMatchObject({ outcome: "enforced" });
  expect(performance.now() - started).toBeLessThan(2500);
});

test("HTTP+SSE: posts nothing to an endpoint of another origin", async () => {
  const other = await during(listen((_, response) => response.end()));
  for (const endpoint of [
    other.url,
    other.url.replace("http:", ""),
    other.url.replace("http://", "http://ada@"),
    "http://[",
  ]) {
    const { url } = await during(startScripted(sse(endpoint), "/sse"));
    expect(await verify(url)).toMatchObject({ outcome: "not-mcp" });
  }
  expect(other.seen).toEqual([]);
});

test("HTTP+SSE: a stream that names no endpoint or ends is not MCP", async () => {
  const open = await during(startScripted(sse(null), "/sse"));
  expect(await verify(open.url, TOKEN, { timeoutMs: 800 })).toMatchObject({ outcome: "not-mcp" });
  const ended = await during(
    startScripted(({ method }) =>
      method === "GET" ? { headers: { "content-type": "text/event-stream" } } : { status: 405 },
    ),
  );
  expect(await verify(ended.url)).toMatchObject({ outcome: "not-mcp" });
});

/** Opens a stream on GET and rejects messages. */
function sse(endpoint: string | null): Script {
  return ({ method, response }) => {
    if (method !== "GET") return { status: 404 };
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(endpoint === null ? ": hi\n\n" : `event: endpoint\ndata: ${endpoint}\n\n`);
    return null;
  };
}

test("an abort throws INTERRUPTED", async () => {
  const interrupt = new AbortController();
  const { url } = await during(startScripted(() => (interrupt.abort(), null)));
  await expect(verify(url, TOKEN, { signal: interrupt.signal })).rejects.toMatchObject({ code: "INTERRUPTED" });
});
