import { describe, expect, test } from "vitest";
import { Sessions } from "../../../src/server/guard/sessions.ts";
import { adapters } from "./adapters.ts";
import { bearer, startGuarded } from "./guarded.ts";

const of = (session: string) => ["Mcp-Session-Id", session];
const opens = (session: string) => () => ({ headers: { "mcp-session-id": session } });

describe.each(Object.keys(adapters))("%s", (name) => {
  test("a session goes on with its key and all its versions, and is unknown to every other", async () => {
    const { ask, key, issue, rotate } = await startGuarded(name, {}, opens("s1"));
    const other = bearer(await issue("other"));
    expect(await ask({ method: "POST", headers: key })).toMatchObject({ status: 200 });
    for (const method of ["POST", "GET", "DELETE"]) {
      const got = await ask({ method, headers: [...other, ...of("s1")] });
      expect(got).toMatchObject({ status: 404, auth: null, received: null });
      expect(JSON.parse(got.body)).toEqual({
        ...{ jsonrpc: "2.0", id: null, error: { code: -32_001, message: "Session not found" } },
      });
    }
    const newer = bearer(await rotate("ci", 60));
    for (const headers of [key, newer]) {
      expect(await ask({ method: "POST", headers: [...headers, ...of("s1")] })).toMatchObject({ status: 200 });
    }
    expect(await ask({ method: "POST", headers: of("s1") })).toMatchObject({ status: 401 });
  });

  test("a session whose key is revoked is refused at its next request", async () => {
    const { ask, key, keys, followed } = await startGuarded(name, {}, opens("s1"));
    await ask({ method: "POST", headers: key });
    await keys.revoke("ci");
    await followed();
    expect(await ask({ method: "POST", headers: [...key, ...of("s1")] })).toMatchObject({ status: 401 });
  });

  test("a session that was never seen passes to the server, and does not become whose it was named by", async () => {
    const { ask, key, issue } = await startGuarded(name, {}, opens("s1"));
    const other = bearer(await issue("other"));
    expect(await ask({ headers: [...other, ...of("s1")] })).toMatchObject({ status: 200 });
    expect(await ask({ headers: [...key, ...of("s1")] })).toMatchObject({ status: 200 });
    // What the server opens in its place is bound.
    expect(await ask({ headers: [...key, ...of("s0")] })).toMatchObject({ status: 200 });
    expect(await ask({ headers: [...other, ...of("s1")] })).toMatchObject({ status: 404 });
  });

  test("a session is forgotten when it is ended by its key, and not when the server would not end it", async () => {
    let status = 405;
    const { ask, key, issue } = await startGuarded(name, {}, () => ({ status, headers: { "mcp-session-id": "s1" } }));
    const other = bearer(await issue("other"));
    await ask({ method: "POST", headers: key });
    await ask({ method: "DELETE", headers: [...key, ...of("s1")] });
    expect(await ask({ headers: [...other, ...of("s1")] })).toMatchObject({ status: 404 });
    status = 200;
    await ask({ method: "DELETE", headers: [...key, ...of("s1")] });
    expect(await ask({ headers: [...other, ...of("s1")] })).toMatchObject({ status: 200 });
  });

  test("sessions are left alone where that was asked for", async () => {
    const { ask, key, issue } = await startGuarded(name, { sessions: false }, opens("s1"));
    const other = bearer(await issue("other"));
    await ask({ method: "POST", headers: key });
    expect(await ask({ headers: [...other, ...of("s1")] })).toMatchObject({ status: 200 });
  });
});

test("no more than so many sessions are kept, the one that was idle longest goes first", () => {
  const sessions = new Sessions(3);
  for (const id of ["a", "b", "c"]) sessions.bind(id, "key");
  expect(sessions.ownerOf("a")).toBe("key");
  sessions.bind("d", "key");
  expect(["a", "b", "c", "d"].map((id) => sessions.ownerOf(id))).toEqual(["key", undefined, "key", "key"]);
});

test("a session stays with the first key, and long ids are told apart to their end", () => {
  const sessions = new Sessions();
  const long = "x".repeat(5000);
  sessions.bind(`${long}1`, "one");
  sessions.bind(`${long}1`, "two");
  expect([sessions.ownerOf(`${long}1`), sessions.ownerOf(`${long}2`)]).toEqual(["one", undefined]);
  sessions.end(`${long}1`);
  expect(sessions.ownerOf(`${long}1`)).toBeUndefined();
});
