import { IncomingMessage } from "node:http";
import express, { type Express, type Request, type RequestHandler } from "express";
import { expect, test } from "vitest";
import type { AuthInfo } from "../../../src/server/guard/auth-info.ts";
import { setAuth } from "../../../src/server/node/node-auth.ts";
import { ask } from "../guard/ask.ts";

function authOf(request: object): unknown {
  return (request as { auth?: AuthInfo }).auth;
}

function who(clientId: string): AuthInfo {
  return { clientId, token: "", scopes: [], expiresAt: 0, extra: { keyId: clientId, keyName: "ci", version: 1 } };
}

const doing =
  (act: (request: Request) => void): RequestHandler =>
  (request, _response, next) => {
    act(request);
    next();
  };
const sets = (name: string) => doing((request) => setAuth(request, who(name)));
const assigns = (auth: unknown) => doing((request) => Object.assign(request, { auth }));

/** An app that notes what a handler finds. */
function noting(seen: unknown[], ...before: RequestHandler[]): Express {
  return express().use(...before, (request, response) => {
    seen.push(authOf(request));
    response.end();
  });
}

test("Express: each request has who it is from, also once it was answered, and one that nobody set has none", async () => {
  const seen: unknown[] = [];
  const kept: Request[] = [];
  const keeps = doing((request) => kept.push(request));
  expect(await ask(noting(seen, keeps, sets("a")))).toBe(200);
  expect(await ask(noting(seen, keeps, sets("b")))).toBe(200);
  expect(await ask(noting(seen, keeps))).toBe(200);
  expect(seen).toEqual([who("a"), who("b"), undefined]);
  expect(kept.map(authOf)).toEqual(seen);
  // What this file is for: nothing is added to a request.
  expect(kept.map((request) => Object.hasOwn(request, "auth"))).toEqual([false, false, false]);
});

test("Express: the last one counts, whoever it was", async () => {
  const seen: unknown[] = [];
  await ask(noting(seen, sets("a"), sets("b")));
  await ask(noting(seen, sets("a"), assigns("own")));
  await ask(noting(seen, assigns("own"), sets("b")));
  expect(seen).toEqual([who("b"), "own", who("b")]);
});

test("Express: undefined may be set and assigned", async () => {
  const seen: unknown[] = [];
  const opens = doing((request) => setAuth(request, undefined));
  await ask(noting(seen, opens));
  await ask(noting(seen, sets("a"), opens));
  await ask(noting(seen, sets("a"), assigns(undefined)));
  expect(seen).toEqual([undefined, undefined, undefined]);
});

test("Express: an app within an app and a proxy of a request have it too", async () => {
  const seen: unknown[] = [];
  await ask(express().use(sets("a")).use("/in", noting(seen)), "/in");
  await ask(express().use("/in", noting(seen, sets("b"))), "/in");
  await ask(
    express().use((request, response) => {
      const proxy = new Proxy(request, {});
      setAuth(proxy, who("c"));
      seen.push(authOf(proxy), authOf(request));
      response.end();
    }),
  );
  // Called by hand, which `use` would have mounted.
  const inner = noting(seen);
  await ask(express().use(sets("d"), (request, response) => inner(request, response)));
  expect(seen).toEqual([who("a"), who("b"), who("c"), who("c"), who("d")]);
});

test("an app whose requests have an `auth` of their own keeps it, and is assigned to", async () => {
  const seen: unknown[] = [];
  const assigned: unknown[] = [];
  const app = noting(seen, sets("a"));
  Object.defineProperty(app.request, "auth", { get: () => "theirs", set: (value) => void assigned.push(value) });
  await ask(app);
  expect(seen).toEqual(["theirs"]);
  expect(assigned).toEqual([who("a")]);
});

test("a class of requests whose raw headers are made as they are asked for is assigned to", async () => {
  class Late extends IncomingMessage {}
  const seen: unknown[] = [];
  await ask((request, response) => {
    Object.setPrototypeOf(request, Late.prototype);
    Object.defineProperty(request, "rawHeaders", { get: () => [] });
    setAuth(request, who("a"));
    seen.push(authOf(request));
    response.end();
  });
  expect(seen).toEqual([who("a")]);
  expect("auth" in Late.prototype).toBe(false);
});

test("what requests inherit from can be looked at, and so can what only pretends to be one", async () => {
  const app = noting([], sets("a"));
  await ask(app);
  const pretended = Object.create(app.request) as object;
  expect([authOf(app.request), authOf(pretended)]).toEqual([undefined, undefined]);
  expect(authOf(Object.assign(pretended, { auth: "own" }))).toBe("own");
  expect(authOf(Object.create(app.request, { rawHeaders: { value: [] } }) as object)).toBeUndefined();
});

test("plain Node: it is a property, and Node's own class has none", async () => {
  let isOwn = false;
  await ask((request, response) => {
    setAuth(request, who("a"));
    isOwn = Object.hasOwn(request, "auth");
    response.end();
  });
  expect(isOwn).toBe(true);
  await ask(noting([], sets("a")));
  expect("auth" in IncomingMessage.prototype).toBe(false);
});
