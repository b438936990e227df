import { describe, expect, onTestFinished, test } from "vitest";
import { Sessions } from "../../../src/server/guard/sessions.ts";
import { adapters, type Sent } from "./adapters.ts";
import { bearer, startGuarded } from "./guarded.ts";

const session = (id: string) => ["Mcp-Session-Id", id];
const VERSION = ["MCP-Protocol-Version", "2025-11-25"];
const opens = (id: string) => () => ({ headers: { "mcp-session-id": id } });

describe.each(Object.keys(adapters))("%s", (name) => {
  test("accepts a session from every version of its key, and answers 404 to every other key", async () => {
    const { ask, key, issue, rotate, lines } = await startGuarded(name, {}, opens("s1"));
    const other = bearer(await issue("other"));
    expect(await ask({ method: "POST", headers: key })).toMatchObject({ status: 200 });
    for (const method of ["POST", "GET", "DELETE"]) {
      const got = await ask({ method, headers: [...other, ...session("s1")] });
      expect(got).toMatchObject({ status: 404, auth: null, received: null });
      expect(JSON.parse(got.body)).toEqual({
        ...{ jsonrpc: "2.0", id: null, error: { code: -32_001, message: "Session not found" } },
      });
    }
    expect(lines.join("\n")).toMatch(/refused \(foreign-session\): key other /);
    const newer = bearer(await rotate("ci", 60));
    for (const headers of [key, newer]) {
      expect(await ask({ method: "POST", headers: [...headers, ...session("s1")] })).toMatchObject({ status: 200 });
    }
    expect(await ask({ method: "POST", headers: session("s1") })).toMatchObject({ status: 401 });
  });

  test("refuses the next request of a session after its key was revoked", async () => {
    const { ask, key, keys, followed } = await startGuarded(name, {}, opens("s1"));
    await ask({ method: "POST", headers: key });
    await keys.revoke("ci");
    await followed();
    expect(await ask({ method: "POST", headers: [...key, ...session("s1")] })).toMatchObject({ status: 401 });
  });

  test("binds a session that it did not see open to the first key that uses it", async () => {
    const { ask, key, issue } = await startGuarded(name, {});
    const other = bearer(await issue("other"));
    const use = async (headers: readonly string[]) => (await ask({ headers: [...headers, ...session("s1")] })).status;
    // Neither an unauthorized request nor its key counts as use.
    expect(await use(bearer("nonsense"))).toBe(401);
    expect([await use(key), await use(other), await use(key)]).toEqual([200, 404, 200]);
  });

  test.each([
    ["MCP-Protocol-Version", VERSION],
    ["Mcp-Session-Id", session("s0")],
    ["both headers", [...VERSION, ...session("s0")]],
  ])("does not watch the response to a request with %s; the session is bound at its first use", async (_, sent) => {
    const { ask, key, issue } = await startGuarded(name, {}, opens("s1"));
    const other = bearer(await issue("other"));
    expect(await ask({ method: "POST", headers: [...key, ...sent] })).toMatchObject({ status: 200 });
    expect(await ask({ headers: [...other, ...session("s1")] })).toMatchObject({ status: 200 });
    expect(await ask({ headers: [...key, ...session("s1")] })).toMatchObject({ status: 404 });
  });

  test("binds a session to the key that opens it, even if another key has used its id before", async () => {
    const { ask, key, issue } = await startGuarded(name, {}, opens("guessable"));
    const other = bearer(await issue("other"));
    const use = async (headers: readonly string[]) =>
      (await ask({ headers: [...headers, ...VERSION, ...session("guessable")] })).status;
    expect(await use(other)).toBe(200);
    await ask({ method: "POST", headers: key });
    expect([await use(other), await use(key)]).toEqual([404, 200]);
  });

  test("answers 400 to two session ids in one request", async () => {
    const { ask, key, issue } = await startGuarded(name, {}, opens("s1"));
    const other = bearer(await issue("other"));
    await ask({ method: "POST", headers: key });
    const sent: Sent = { headers: [...other, ...session("s1"), ...session("s2")] };
    expect(await ask(sent)).toMatchObject({ status: 400, auth: null, received: null });
  });

  test("forgets a session when its key ends it, but not when the server refuses to end it", async () => {
    let status = 405;
    const { ask, key, issue } = await startGuarded(name, {}, () => ({ status, headers: { "mcp-session-id": "s1" } }));
    const other = bearer(await issue("other"));
    await ask({ method: "POST", headers: key });
    await ask({ method: "DELETE", headers: [...key, ...session("s1")] });
    expect(await ask({ headers: [...other, ...session("s1")] })).toMatchObject({ status: 404 });
    status = 200;
    await ask({ method: "DELETE", headers: [...key, ...session("s1")] });
    expect(await ask({ headers: [...other, ...session("s1")] })).toMatchObject({ status: 200 });
  });

  test("binds a session that another guard of the same server saw open", async () => {
    const { ask, key, issue, verifier } = await startGuarded(name, {}, opens("s1"));
    const other = bearer(await issue("other"));
    const second = await adapters[name]!(verifier, {});
    onTestFinished(() => second.close());
    await ask({ method: "POST", headers: key });
    expect(await second.ask({ headers: [...other, ...session("s1")] })).toMatchObject({ status: 404 });
    expect(await second.ask({ headers: [...key, ...session("s1")] })).toMatchObject({ status: 200 });
  });

  test("binds no session with `sessions: false`", async () => {
    const { ask, key, issue } = await startGuarded(name, { sessions: false }, opens("s1"));
    const other = bearer(await issue("other"));
    await ask({ method: "POST", headers: key });
    expect(await ask({ headers: [...other, ...session("s1")] })).toMatchObject({ status: 200 });
    expect(await ask({ headers: [...key, ...session("s1")] })).toMatchObject({ status: 200 });
  });
});

describe("the memory for sessions", () => {
  const view = (headers: Record<string, string>, method = "POST") => ({
    ...{ flaw: null, method, path: "/mcp", host: null, address: null, query: "" },
    header: (name: string) => headers[name] ?? null,
  });

  test.each([
    ["neither header", {}, true],
    ["an empty Mcp-Session-Id", { "mcp-session-id": "" }, true],
    ["MCP-Protocol-Version", { "mcp-protocol-version": "2025-11-25" }, false],
    ["Mcp-Session-Id", { "mcp-session-id": "s1" }, false],
    ["both headers", { "mcp-session-id": "s1", "mcp-protocol-version": "2025-11-25" }, false],
  ])("watches the response only if a session can begin: %s", (_, headers, isWatched) => {
    const onHead = new Sessions().enter(view(headers), "key");
    expect(onHead !== null).toBe(isWatched);
  });

  test("binds an id of invalid characters to no key", () => {
    const sessions = new Sessions();
    for (const id of ["a b", "a, b", "ä", "\x7f"]) {
      for (const key of ["one", "two"]) expect(sessions.enter(view({ "mcp-session-id": id }), key)).toBe("foreign");
    }
  });

  test("is bounded: the session that was idle longest goes first", () => {
    const sessions = new Sessions(3);
    for (const id of ["a", "b", "c"]) sessions.open(id, "key");
    expect(sessions.claim("a", "other")).toBe("key");
    sessions.open("d", "key");
    const owners = ["a", "b", "c", "d"].map((id) => sessions.claim(id, "other"));
    expect(owners).toEqual(["key", "other", "key", "key"]);
  });

  test("is bounded for used sessions as well, and they never displace opened ones", () => {
    const sessions = new Sessions(2);
    sessions.open("opened", "key");
    for (const id of ["a", "b", "c", "d"]) expect(sessions.claim(id, "flood")).toBe("flood");
    expect(["opened", "c", "d", "a"].map((id) => sessions.claim(id, "other"))).toEqual([
      ...["key", "flood", "flood", "other"],
    ]);
  });

  test.each(["open", "claim"] as const)("keeps the sessions of a key when another key floods it (%s)", (how) => {
    const sessions = new Sessions(10);
    const ids = ["a", "b", "c", "d", "e"];
    for (const id of ids) sessions[how](id, "key");
    for (let i = 0; i < 100; i++) sessions[how](`flood-${i}`, "flood");
    expect(ids.map((id) => sessions.claim(id, "flood"))).toEqual(ids.map(() => "key"));
    // The key that floods has lost its own.
    expect(["flood-0", "flood-99"].map((id) => sessions.claim(id, "other"))).toEqual(["other", "flood"]);
  });

  test("ends no session that another key opened before the answer to the DELETE", () => {
    const sessions = new Sessions();
    const onHead = sessions.enter(view({ "mcp-session-id": "guessable" }, "DELETE"), "early");
    sessions.open("guessable", "key");
    if (typeof onHead === "function") onHead({ status: 200, header: () => null });
    expect(sessions.claim("guessable", "early")).toBe("key");
  });

  test("keeps the first key that opened a session, and tells long ids apart to their end", () => {
    const sessions = new Sessions();
    const long = "x".repeat(5000);
    sessions.open(`${long}1`, "one");
    sessions.open(`${long}1`, "two");
    expect([sessions.claim(`${long}1`, "two"), sessions.claim(`${long}2`, "two")]).toEqual(["one", "two"]);
    sessions.end(`${long}1`, "one");
    expect(sessions.claim(`${long}1`, "two")).toBe("two");
  });
});
