import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { getRequestListener } from "@hono/node-server";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { createMcpHandler } from "@modelcontextprotocol/server";
import express from "express";
import fastify, { type onRequestAsyncHookHandler } from "fastify";
import { Hono } from "hono";
import { basicAuth } from "hono/basic-auth";
import { bearerAuth } from "hono/bearer-auth";
import { compress } from "hono/compress";
import { cors } from "hono/cors";
import { jwt, sign } from "hono/jwt";
import { listen } from "../../servers/listen.ts";
import { createServer } from "../../servers/sdk-v2.ts";
import { closeAll, isFromHere, readKey, refuse, settle, type MadeServer, type Make } from "./make.ts";
import { isSame } from "./opaque.ts";
import { answerBadRequest } from "./sdk.ts";

/** Common web frameworks with the guard that each of them brings or suggests. */
export const FRAMEWORK_MAKES: readonly Make[] = [
  { name: "in Express 5, with a cookie session next to keys", start: startExpress },
  { name: "in Fastify, with a hook", start: startFastify },
  { name: "in Hono, with bearerAuth, compressing its answers", start: (open) => startHono(open, bearer()) },
  {
    name: "in Hono, with jwt",
    grade: "A",
    deserves: {
      "omits-error-without-key": "it answers invalid_request to a missing key",
      "hides-presented-key": "its challenge names the whole URL as the realm, and with it a key in the query",
    },
    start: async (open) => startHono(open, await signed()),
  },
  { name: "in Hono, with basicAuth", start: (open) => startHono(open, basic()) },
  {
    name: "in Hono, which lets every page call it, without credentials",
    grade: "C",
    deserves: { "rejects-foreign-origin": "on this machine a page may call it with a key that it knows" },
    start: (open) => startHono(open, { ...bearer(), pages: true }),
  },
];

/** A page signs in with a cookie, a program sends a key. Every answer sets a cookie, as express-session does. */
async function startExpress(open: boolean): Promise<MadeServer> {
  const key = randomKey();
  const secret = randomBytes(32);
  const seal = (id: string): string => `${id}.${createHmac("sha256", secret).update(id).digest("base64url")}`;
  const sessions = new Map<string, { user?: string }>();
  const app = express();
  app.set("env", "production");
  app.use((request, response, next) => {
    if (!isFromHere(request)) return void response.sendStatus(403);
    const sent = /(?:^|; )sid=([^;]+)/.exec(request.headers.cookie ?? "")?.[1] ?? "";
    const id = sent === seal(sent.split(".")[0] ?? "") && sessions.has(sent) ? sent : seal(randomUUID());
    if (id !== sent) response.cookie("sid", id, { httpOnly: true, sameSite: "strict" });
    sessions.set(id, (response.locals["session"] = sessions.get(id) ?? {}));
    next();
  });
  app.get("/", (_, response) => void response.send("<h1>Dashboard</h1>"));
  app.post("/login", express.urlencoded({ extended: false }), (_, response) => void response.sendStatus(403));
  app.use("/mcp", (request, response, next) => {
    const sent = readKey(request);
    const session = response.locals["session"] as { user?: string };
    if (open || session.user !== undefined || isSame(sent ?? "", key)) next();
    else refuse(response, sent);
  });
  const handler = createMcpHandler(createServer);
  const handle = toNodeHandler(handler);
  app.all(
    "/mcp",
    express.json(),
    settle((q, s) => handle(q, s, (q as { body?: unknown }).body)),
  );
  app.use(answerBadRequest);
  return { ...(await listen(app)), key };
}

async function startFastify(open: boolean): Promise<MadeServer> {
  const key = randomKey();
  const handle = toNodeHandler(createMcpHandler(createServer));
  const app = fastify();
  const requireThisMachine: onRequestAsyncHookHandler = async (request, reply) => {
    if (!isFromHere(request.raw)) return reply.code(403).send({ error: "forbidden" });
  };
  const requireKey: onRequestAsyncHookHandler = async (request, reply) => {
    const sent = readKey(request.raw);
    if (isSame(sent ?? "", key)) return;
    const challenge = `Bearer realm="mcp"${sent === null ? "" : ', error="invalid_token"'}`;
    const body = { statusCode: 401, error: "Unauthorized", message: "no valid key" };
    return reply.code(401).header("www-authenticate", challenge).send(body);
  };
  const onRequest = open ? [requireThisMachine] : [requireThisMachine, requireKey];
  const route = app.all("/mcp", { onRequest }, (q, reply) => handle(q.raw, reply.hijack().raw, q.body));
  await route.ready();
  const running = await listen((request, response) => {
    app.routing(request, response);
  });
  return { url: running.url, key, close: closeAll(running, app) };
}

/** A guard of Hono, and the key it takes. */
interface HonoGuard extends Pick<MadeServer, "key" | "header"> {
  readonly guard: ReturnType<typeof bearerAuth>;
  /** Whether pages of any origin may call it. */
  readonly pages?: true;
}

async function startHono(open: boolean, { key, header, guard, pages }: HonoGuard): Promise<MadeServer> {
  const handler = createMcpHandler(createServer);
  const app = new Hono();
  app.use(compress({ threshold: 0 }));
  if (pages === true) app.use(cors());
  if (!open) app.use("/mcp", guard);
  app.all("/mcp", (c) => handler.fetch(c.req.raw));
  // Other servers in this process keep their own Response.
  const answer = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  const { url, close } = await listen(
    settle((request, response) => {
      if (pages !== true && !isFromHere(request)) return response.writeHead(403).end();
      return answer(request, response);
    }),
  );
  return { url, close, key, header };
}

function bearer(): HonoGuard {
  const token = randomKey();
  return { key: token, guard: bearerAuth({ token, realm: "mcp" }) };
}

async function signed(): Promise<HonoGuard> {
  const secret = randomBytes(32).toString("hex");
  const exp = Math.floor(Date.now() / 1000) + 3600;
  return { key: await sign({ sub: "ci", exp }, secret, "HS256"), guard: jwt({ secret, alg: "HS256" }) };
}

function basic(): HonoGuard {
  const password = randomKey();
  const key = btoa(`ci:${password}`);
  return { key, header: "Authorization: Basic", guard: basicAuth({ username: "ci", password, realm: "mcp" }) };
}

function randomKey(): string {
  return `ak-${randomBytes(24).toString("base64url")}`;
}
