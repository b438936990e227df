import { describe, expect, test } from "vitest";
import { adapters } from "./adapters.ts";
import { bearer, call, post, startGuarded } from "./guarded.ts";

const HERE = "https://app.example";
const OPTIONS = {
  allowedOrigins: [HERE, "vscode-webview://abc"],
  allowedHeaders: ["X-Tenant"],
  apiKeyHeader: "X-API-Key",
};
const from = (origin: string) => ["Origin", origin];
const preflight = (origin: string) => ({
  method: "OPTIONS",
  headers: [
    ...[...from(origin), "Access-Control-Request-Method", "POST"],
    ...["Access-Control-Request-Headers", "authorization,mcp-param-region,x-evil, mcp-param-a b"],
  ],
});

describe.each(Object.keys(adapters))("%s", (name) => {
  test("accepts pages of an allowed origin, and requests without an Origin", async () => {
    const { ask, key } = await startGuarded(name, OPTIONS, () => ({ headers: { vary: "Accept" } }));
    expect(await ask({ headers: [...key, ...from(HERE)] })).toMatchObject({
      status: 200,
      auth: { extra: { keyName: "ci" } },
      headers: {
        "access-control-allow-origin": HERE,
        "access-control-expose-headers": "WWW-Authenticate, Mcp-Session-Id",
      },
    });
    expect(await ask({ headers: [...key, ...from("vscode-webview://abc")] })).toMatchObject({ status: 200 });
    const got = await ask({ headers: key });
    expect(got).toMatchObject({ status: 200, headers: { vary: expect.any(String) } });
    expect(got.headers).not.toHaveProperty("access-control-allow-origin");
  });

  test("adds to the headers of the server, and lets no `*` of the server open it to other origins", async () => {
    const { ask, key } = await startGuarded(name, OPTIONS, () => ({
      headers: {
        ...{ Vary: "Accept, origin", "access-control-expose-headers": "X-Request-Id" },
        "Access-Control-Allow-Origin": "*",
      },
    }));
    expect(await ask({ headers: [...key, ...from(HERE)] })).toMatchObject({
      status: 200,
      headers: {
        vary: "Accept, origin",
        "access-control-expose-headers": "X-Request-Id, WWW-Authenticate, Mcp-Session-Id",
        "access-control-allow-origin": HERE,
      },
    });
    const star = await startGuarded(name, OPTIONS, () => ({ headers: { vary: "*" } }));
    expect(await star.ask({ headers: [...star.key, ...from(HERE)] })).toMatchObject({ headers: { vary: "*" } });
    const accept = await startGuarded(name, OPTIONS, () => ({ headers: { vary: "Accept" } }));
    expect(await accept.ask({ headers: accept.key })).toMatchObject({ headers: { vary: "Accept, Origin" } });
  });

  test("lets a page read why it was refused", async () => {
    const { ask, key } = await startGuarded(name, { ...OPTIONS, toolScopes: { wipe: ["admin"] } });
    const readable = { "access-control-allow-origin": HERE, "access-control-expose-headers": expect.any(String) };
    expect(await ask({ headers: from(HERE) })).toMatchObject({
      status: 401,
      headers: { ...readable, vary: "Origin", "www-authenticate": 'Bearer realm="mcp"' },
    });
    expect(await ask(post(key, call("wipe"), from(HERE)))).toMatchObject({ status: 403, headers: readable });
    expect(await ask(post(key, "no json", from(HERE)))).toMatchObject({ status: 400, headers: readable });
  });

  test.each(["https://evil.example", "null", "http://app.example", `${HERE}.evil.example`, `${HERE}:8443`, "", "*"])(
    "refuses pages of the origin '%s' before it looks at the token",
    async (origin) => {
      const { ask, key, verifier } = await startGuarded(name, OPTIONS);
      const got = await ask({ headers: [...key, ...from(origin)] });
      expect(got).toMatchObject({ status: 403, auth: null, received: null, headers: { vary: "Origin" } });
      expect(JSON.parse(got.body)).toMatchObject({ error: "forbidden_origin" });
      expect(got.headers).not.toHaveProperty("www-authenticate");
      expect(got.headers).not.toHaveProperty("access-control-allow-origin");
      expect(verifier.counters.accepted).toBe(0);
    },
  );

  test("refuses two Origin headers in one request, and every origin if the list is empty", async () => {
    const { ask, key } = await startGuarded(name, OPTIONS);
    expect(await ask({ headers: [...key, ...from(HERE), ...from(HERE)] })).toMatchObject({ status: 400 });
    const none = await startGuarded(name, { allowedOrigins: [] });
    expect(await none.ask({ headers: [...none.key, ...from(HERE)] })).toMatchObject({ status: 403 });
    expect(await none.ask({ headers: none.key })).toMatchObject({ status: 200 });
  });

  test.each(["https://evil.example", "null", "http://127.0.0.1.evil.example", "chrome-extension://localhost", "", "*"])(
    "refuses pages of the origin '%s' without a list",
    async (origin) => {
      const { ask, key } = await startGuarded(name, {});
      expect(await ask({ headers: [...key, ...from(origin)] })).toMatchObject({ status: 403, received: null });
      const any = await startGuarded(name, { allowedOrigins: "any" });
      expect(await any.ask({ headers: [...any.key, ...from(origin)] })).toMatchObject({ status: 200 });
    },
  );

  test.each(["http://127.0.0.1:6274", "https://127.0.0.1", "http://localhost:6274", "http://[::1]"])(
    "accepts pages of this machine like %s without a list, but lets no other origin read the response",
    async (origin) => {
      const { ask, key } = await startGuarded(name, {});
      const got = await ask({ headers: [...key, ...from(origin)] });
      expect(got).toMatchObject({ status: 200 });
      expect(got.headers).not.toHaveProperty("access-control-allow-origin");
      expect(await ask(preflight(origin))).toMatchObject({ status: 401 });
    },
  );

  test("answers preflights of allowed origins only", async () => {
    const { ask } = await startGuarded(name, OPTIONS);
    const got = await ask(preflight(HERE));
    const { "content-length": _length, "x-powered-by": _express, ...headers } = got.headers;
    expect({ ...got, headers }).toEqual({
      ...{ status: 204, body: "", auth: null, received: null },
      headers: {
        vary: "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
        "access-control-allow-origin": HERE,
        "access-control-allow-methods": "GET, POST, DELETE",
        "access-control-allow-headers":
          "Authorization, Content-Type, Accept, MCP-Protocol-Version, Mcp-Session-Id, Mcp-Method, Mcp-Name, " +
          "Last-Event-ID, traceparent, tracestate, baggage, x-api-key, X-Tenant, mcp-param-region",
        "access-control-max-age": "7200",
      },
    });
    expect(await ask(preflight("https://evil.example"))).toMatchObject({ status: 403 });
    expect(await ask({ method: "OPTIONS", headers: from(HERE) })).toMatchObject({ status: 401 });
    const withoutList = await startGuarded(name, {});
    expect(await withoutList.ask(preflight(HERE))).toMatchObject({ status: 403 });
  });

  test('ignores the Origin with `allowedOrigins: "any"`', async () => {
    const { ask, key } = await startGuarded(name, { allowedOrigins: "any" });
    const got = await ask({ headers: [...key, ...from("https://evil.example")] });
    expect(got).toMatchObject({ status: 200 });
    expect(got.headers).not.toHaveProperty("vary");
  });

  test("opens the paths in openPaths, exactly as written, and no others", async () => {
    const { ask, key } = await startGuarded(name, { ...OPTIONS, openPaths: ["/mcp/health"], scopes: ["admin"] });
    for (const sent of [{}, { query: "?verbose" }, { method: "POST" }, { headers: bearer("nonsense") }]) {
      expect(await ask({ ...sent, path: "/mcp/health" })).toMatchObject({ status: 200, received: "", auth: null });
    }
    const guardedPaths = [
      "/mcp",
      "/mcp/health/",
      "/mcp/Health",
      "/mcp/health2",
      "/mcp/healt%68",
      "/mcp//health",
      "/mcp/x/health",
    ];
    for (const path of guardedPaths) {
      expect([path, await ask({ path, headers: [] })]).toMatchObject([path, { status: 401, received: null }]);
    }
    expect(await ask({ path: "/mcp", query: "?/mcp/health" })).toMatchObject({ status: 401 });
    expect(await ask({ path: "/mcp", headers: key })).toMatchObject({ status: 403 });
  });
});
