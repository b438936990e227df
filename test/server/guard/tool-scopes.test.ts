import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { adapters, readers, type Reply } from "./adapters.ts";
import { bearer, call, LIST, post, startGuarded } from "./guarded.ts";

const RULES = { scopes: ["read"], toolScopes: { add: [], greet: ["read"], wipe: ["admin"], burn: ["admin", "fire"] } };
const CLOSED = { toolScopes: { add: [], "*": ["admin"] } };

const refused = (scope: string) =>
  'Bearer realm="mcp", error="insufficient_scope", ' +
  `error_description="The key lacks a scope that this request needs", scope="${scope}"`;

const ALLOWED = [
  call("add"),
  call("greet"),
  call("other"),
  LIST,
  [call("add"), call("greet"), LIST],
  { jsonrpc: "2.0", method: "notifications/initialized" },
  // The call is only an argument.
  { jsonrpc: "2.0", id: 1, method: "ping", params: call("wipe") },
  { ...call("add"), long: "ä€😀".repeat(10_000) },
];
const FORBIDDEN = [
  [call("wipe"), "read admin"],
  [{ ...call("wipe"), id: undefined }, "read admin"],
  [[LIST, call("add"), call("burn")], "read admin fire"],
  ['{"method":"tools\\/c\\u0061ll","params":{"name":"w\\u0069pe"}}', "read admin"],
  [`\uFEFF${JSON.stringify(call("wipe"))}`, "read admin"],
] as const;

const AMBIGUOUS: [string, unknown][] = [
  ["a list as the tool's name", call(["wipe"])],
  ["an object as the tool's name", call({ wipe: 1 })],
  ["a tool without a name", call(undefined)],
  ["a list as the method", { ...call("wipe"), method: ["tools/call"] }],
  ["null as the method", { ...call("wipe"), method: null }],
  ["another case in the method", { ...call("wipe"), method: "Tools/Call" }],
  ["a space after the method", { ...call("wipe"), method: "tools/call " }],
  ["an invisible character in the method", { ...call("wipe"), method: "tools/\u200bcall" }],
  ["full-width letters in the method", { ...call("wipe"), method: "ｔools／call" }],
  ["another case in the tool's name", call("Wipe")],
  ["a line break after the tool's name", call("wipe\n")],
  ["a NUL after the tool's name", call("wipe\0")],
  ["another case in a member of the message", { ...call("add"), Method: "tools/call" }],
  ["another case in the member params", { ...call("add"), PARAMS: { name: "wipe" } }],
  ["another case in the member name", { ...call("add"), params: { name: "add", Name: "wipe" } }],
  ["a list as the params of a call", { ...call("add"), params: ["wipe"] }],
  ["a batch inside a batch", [[call("wipe")]]],
  ["a batch with a text", [JSON.stringify(call("wipe"))]],
  // Parsers of bodies refuse it, or drop the member.
  ["a prototype", '{"jsonrpc":"2.0","id":1,"__proto__":{"method":"tools/call","params":{"name":"wipe"}}}'],
];
const DUPLICATES: [string, string][] = [
  ["two methods", '{"method":"ping","method":"tools/call","params":{"name":"wipe"}}'],
  ["two methods, one escaped", '{"m\\u0065thod":"ping","method":"tools/call","params":{"name":"wipe"}}'],
  ["two params", '{"method":"tools/call","params":{"name":"add"},"params" : {"name":"wipe"}}'],
  ["two names", '[{"method":"tools/call","params":{"name":"add","name":"wipe"}}]'],
];

describe.each(Object.keys({ ...adapters, ...readers }))("%s", (name) => {
  test("accepts what the key may do, and passes the body on", async () => {
    const { ask, key } = await startGuarded(name, RULES);
    for (const message of ALLOWED) {
      const got = await ask(post(key, message));
      expect([message, got]).toMatchObject([message, { status: 200, auth: { extra: { keyName: "ci" } } }]);
      // A parser of Express 4 leaves only its `{}` for a later parser.
      if (!name.startsWith("express 4")) expect(JSON.parse(got.received!)).toEqual(message);
    }
  });

  test("refuses calls of tools whose scopes the key lacks", async () => {
    const { ask, key, verifier, lines } = await startGuarded(name, RULES);
    // The parser of Express rejects a byte order mark itself.
    const cases = FORBIDDEN.filter(
      ([message]) => !(name.includes("json()") && typeof message === "string" && message.startsWith("\uFEFF")),
    );
    for (const [message, scope] of cases) {
      const got = await ask(post(key, message));
      expect([message, got]).toMatchObject([
        message,
        { status: 403, auth: null, headers: { "www-authenticate": refused(scope) } },
      ]);
      expect(JSON.parse(got.body)).toMatchObject({ error: "insufficient_scope" });
    }
    expect(verifier.counters.refused["insufficient-scope"]).toBe(cases.length);
    expect(lines.join("\n")).toMatch(/refused \(insufficient-scope\): key ci .* lacks the scope admin\n/);
  });

  test("refuses a request whose Mcp-Method or Mcp-Name does not match the body", async () => {
    const { ask, key } = await startGuarded(name, { toolScopes: { ...RULES.toolScopes, größe: [] } });
    const send = async (message: unknown, ...headers: string[]) => {
      const { status, body, auth } = await ask(post(key, message, headers));
      if (status === 400) expect([JSON.parse(body), auth]).toMatchObject([{ error: { code: -32_020 } }, null]);
      return status;
    };
    expect(await send(call("add"), "Mcp-Method", "tools/call", "Mcp-Name", "add")).toBe(200);
    expect(await send(call("größe"), "Mcp-Method", "tools/call", "Mcp-Name", "=?base64?Z3LDtsOfZQ==?=")).toBe(200);
    expect(await send(LIST, "Mcp-Method", "tools/list", "Mcp-Name", "")).toBe(200);
    for (const method of ["ping", "Tools/Call", "tools/list", ""]) {
      expect([method, await send(call("add"), "Mcp-Method", method)]).toEqual([method, 400]);
    }
    for (const tool of ["wipe", "Add", "", "=?base64?d2lwZQ==?=", "=?base64?%?=", "=?base64?/w==?="]) {
      expect([tool, await send(call("add"), "Mcp-Name", tool)]).toEqual([tool, 400]);
    }
    expect(await send([LIST, call("add")], "Mcp-Method", "tools/list")).toBe(400);
    expect(await send({ jsonrpc: "2.0", id: 1, result: {} }, "Mcp-Method", "tools/call")).toBe(400);
    expect(await ask({ headers: [...key, "Mcp-Method", "tools/call"] })).toMatchObject({ status: 400 });
  });

  test.each(AMBIGUOUS)("refuses %s", async (_, message) => {
    const { ask, key, lines } = await startGuarded(name, RULES);
    const got = await ask(post(key, message));
    expect(got).toMatchObject({ status: 400, auth: null, received: null });
    if (got.body.includes("Invalid Request"))
      expect(lines.join("\n")).toMatch(/refused \(unclear-body\): servers could read/);
  });

  test.each(DUPLICATES)("refuses a call with %s", async (_, message) => {
    const { ask, key } = await startGuarded(name, RULES);
    const got = await ask(post(key, message));
    expect(got).toMatchObject({ auth: null, received: null });
    // A parser before the guard keeps one of the two, and the guard judges that one.
    expect(got.status).toBe(name === "fastify" || name.includes("json()") ? 403 : 400);
  });

  test("applies `*` to tools that are not listed", async () => {
    const { ask, key, issue } = await startGuarded(name, CLOSED);
    const admin = bearer(await issue("admin", { scopes: ["admin"] }));
    expect(await ask(post(key, call("new")))).toMatchObject({ status: 403 });
    expect(await ask(post(key, call("*")))).toMatchObject({ status: 403 });
    expect(await ask(post(key, call("add")))).toMatchObject({ status: 200 });
    expect(await ask(post(admin, call("new")))).toMatchObject({ status: 200 });
  });

  test("refuses a request without a key before it reads the body", async () => {
    const { ask } = await startGuarded(name, RULES);
    if (name.includes("before")) return;
    expect(await ask(post([], "no json"))).toMatchObject({ status: 401, auth: null });
  });

  test("refuses a key that was revoked before its body arrived", async () => {
    const { ask, key, keys, followed } = await startGuarded(name, RULES);
    await keys.revoke("ci");
    await followed();
    expect(await ask(post(key, call("wipe")))).toMatchObject({ status: 401 });
  });

  test.each([
    ["a body that is not JSON", "tools/call wipe", [], 400],
    ["a body that is not UTF-8", Buffer.from([0x22, 0xff, 0x22]), [], 400],
    ["a compressed body", gzipSync(JSON.stringify(call("wipe"))), ["Content-Encoding", "gzip"], 415],
  ] as const)("accepts no call in %s", async (_, body, headers, status) => {
    const { ask, key } = await startGuarded(name, RULES);
    const got = await ask(post(key, body, headers));
    expect(got).toMatchObject({ auth: null, received: null });
    // A parser before the guard answers itself, or decodes a call that the guard then checks.
    expect(name.includes("before") ? [400, 403, 415] : [status, 400, 415]).toContain(got.status);
  });

  test("refuses a body that is a call in another charset", async () => {
    const { ask, key } = await startGuarded(name, RULES);
    const body =
      '{"a":"+ACI-,+ACI-method+ACI-:+ACI-tools/call+ACI-,+ACI-params+ACI-:{+ACI-name+ACI-:+ACI-wipe+ACI-},+ACI-b+ACI-:+ACI-"}';
    const headers = [...key, "Content-Type", "application/json; charset=utf-7"];
    const got = await ask({ method: "POST", headers, body });
    // Fastify decodes every body as UTF-8, which shows no call.
    if (name === "fastify") expect(Object.keys(JSON.parse(got.received!))).toEqual(["a"]);
    else expect(got).toMatchObject({ status: name.includes("json()") ? 403 : 415, auth: null, received: null });
  });

  test("refuses a body above 4 MiB", async () => {
    if (name.includes("before") || name === "fastify") return;
    const { ask, key } = await startGuarded(name, RULES);
    const got = await ask(post(key, { ...call("add"), long: "x".repeat(4 * 1024 * 1024) }));
    expect(got).toMatchObject({ status: 413, auth: null });
  });

  const TOOLS = ["add", "wipe", "other"].map((tool) => ({ name: tool, inputSchema: { type: "object" } }));
  const listed = (more: object = {}) => JSON.stringify({ jsonrpc: "2.0", id: 2, result: { tools: TOOLS, ...more } });
  const json = (text: string): Reply => ({
    headers: { "Content-Type": "application/json", "Content-Length": String(Buffer.byteLength(text)) },
    chunks: [text.slice(0, 70), text.slice(70)],
  });
  const events = (text: string): Reply => ({
    headers: { "content-type": "text/event-stream" },
    chunks: [": hello\n\nid: 1\nevent: message\nda", `ta: ${text.slice(0, 70)}`, `${text.slice(70)}\n\n: bye\n\n`],
  });
  const namesIn = (body: string) => [...body.matchAll(/"name":"(\w+)"/g)].map(([, tool]) => tool);

  test.each([
    ["JSON", json],
    ["events", events],
  ])("hides tools that the key may not call from a list in %s", async (_, write) => {
    const { ask, key, issue } = await startGuarded(name, RULES, () => write(listed({ cacheScope: "public" })));
    const admin = bearer(await issue("admin", { scopes: ["read", "admin", "fire"] }));
    const got = await ask(post(key, LIST));
    expect(got.status).toBe(200);
    expect(namesIn(got.body)).toEqual(["add", "other"]);
    expect(got.body).toContain('"cacheScope":"private"');
    const all = await ask(post(admin, LIST));
    expect(all.body).toBe(write(listed({ cacheScope: "public" })).chunks!.join(""));
  });

  test("hides them on a stream opened by GET, and in a batch", async () => {
    const { ask, key } = await startGuarded(name, RULES, () => events(`[${listed()},{"id":3}]`));
    const got = await ask({ headers: key });
    expect(namesIn(got.body)).toEqual(["add", "other"]);
    expect(got.body.startsWith(": hello\n\n") && got.body.endsWith("\n\n: bye\n\n")).toBe(true);
    expect(got.body).toContain("id: 1\nevent: message\ndata: [{");
  });

  test("changes no other response", async () => {
    const texts = ["not json, but tools", '{"result":{"tools":"wipe"}}', '{"result":{"content":[{"name":"wipe"}]}}'];
    for (const text of texts) {
      const { ask, key } = await startGuarded(name, RULES, () => json(text));
      expect((await ask(post(key, LIST))).body).toBe(text);
    }
    // Not a request for the list: the result of a call may look like one.
    const { ask, key } = await startGuarded(name, RULES, () => json(listed()));
    expect((await ask(post(key, call("add")))).body).toBe(listed());
    const packed = await startGuarded(name, RULES, () => ({
      headers: { "content-type": "application/json", "content-encoding": "x" },
      chunks: [listed()],
    }));
    expect((await packed.ask(post(packed.key, LIST))).body).toBe(listed());
  });
});
