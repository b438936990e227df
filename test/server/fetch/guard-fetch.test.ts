import fastify from "fastify";
import { expect, test } from "vitest";
import { guardFastify } from "../../../src/server/fastify.ts";
import { guardFetch } from "../../../src/server/fetch/guard-fetch.ts";
import { createFixture } from "../fixture.ts";
import { call } from "../guard/guarded.ts";

const RULES = { toolScopes: { wipe: ["admin"] } };

async function start() {
  const { verifier, issue } = await createFixture();
  const headers = { authorization: `Bearer ${await issue("ci")}` };
  const post = (body: string | ReadableStream, more: RequestInit = {}) =>
    new Request("http://127.0.0.1/mcp", { method: "POST", headers, body, ...more });
  return { verifier, guard: guardFetch(verifier, RULES), post };
}

test("answers 500 if the body was read before the guard", async () => {
  const { guard, post } = await start();
  const request = post(JSON.stringify(call("add")));
  await request.text();
  expect(await guard(request)).toMatchObject({ ok: false, response: { status: 500 } });
});

test("refuses an incomplete body", async () => {
  const { guard, post } = await start();
  const body = new ReadableStream({ start: (controller) => controller.error(new Error("gone")) });
  const request = post(body, { duplex: "half" });
  expect(await guard(request)).toMatchObject({ ok: false, response: { status: 400 } });
});

test("rethrows the handler's error, and keeps the signal of the request", async () => {
  const { guard, post } = await start();
  const { signal } = new AbortController();
  await expect(
    guard(post(JSON.stringify(call("add")), { signal }), async (request) => {
      expect(request.signal.aborted).toBe(false);
      expect(await request.json()).toEqual(call("add"));
      throw new Error("mine");
    }),
  ).rejects.toThrow("mine");
});

test("returns the handler's response itself if there is nothing to change", async () => {
  const { verifier, post } = await start();
  const response = Response.json({});
  expect(await guardFetch(verifier, { sessions: false })(post("{}"), () => response)).toBe(response);
});

test("the plugin requires a verifier, and accepts the options that Fastify reads", async () => {
  const { verifier } = await createFixture();
  const load = (options: object) =>
    fastify()
      .register(guardFastify, options as never)
      .ready();
  await expect(load({})).rejects.toMatchObject({ code: "USAGE" });
  await expect(load({ verifier, scope: "read" })).rejects.toMatchObject({ code: "USAGE" });
  await load({ verifier, prefix: "/mcp" });
});

test("the plugin guards only the instance it is registered on and its children", async () => {
  const { verifier } = await createFixture();
  const app = fastify();
  app.get("/open", async () => "open");
  await app.register(async (child) => {
    await child.register(guardFastify, { verifier });
    child.get("/guarded", async () => "guarded");
    await child.register(async (grandchild) => void grandchild.get("/deep", async () => "deep"));
  });
  const status = async (url: string) => (await app.inject({ url })).statusCode;
  expect([await status("/open"), await status("/guarded"), await status("/deep")]).toEqual([200, 401, 401]);
  await app.close();
});
