import { createHash, randomBytes } from "node:crypto";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { connect, type Socket } from "node:net";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { KeysError } from "../../../src/errors.ts";
import type { AuthInfo } from "../../../src/server/guard/auth-info.ts";
import type { GuardedRequest } from "../../../src/server/node/guard-node.ts";
import { guardNode } from "../../../src/server/node/guard-node.ts";
import { guardUpgrade, type UpgradeHandler, type UpgradeOptions } from "../../../src/server/node/guard-upgrade.ts";
import { createFixture, until, type Fixture } from "../fixture.ts";
import { listen } from "../listen.ts";

const WEBSOCKET_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** Accepts a WebSocket and sends the name of the key in one text frame. */
const openWebSocket: UpgradeHandler = (request, socket) => {
  const accept = createHash("sha1").update(`${request.headers["sec-websocket-key"]}${WEBSOCKET_GUID}`).digest("base64");
  const head = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];
  socket.write([...head, `Sec-WebSocket-Accept: ${accept}`, "", ""].join("\r\n"));
  const name = Buffer.from((request as { auth?: AuthInfo }).auth?.extra.keyName ?? "nobody");
  socket.write(Buffer.concat([Buffer.from([0x81, name.length]), name]));
};

interface Upgrading extends Fixture {
  readonly server: Server;
  readonly port: number;
  readonly token: string;
  /** How often the handler of the upgrade was called. */
  readonly upgrades: () => number;
  /** Sends a request for a WebSocket by hand, and returns all that arrives until the text `until`, or the end. */
  send(headers?: readonly string[], options?: { path?: string; start?: string; until?: string }): Promise<string>;
}

async function startUpgrading(
  options: UpgradeOptions = {},
  handler: UpgradeHandler = openWebSocket,
  fixture?: Fixture,
): Promise<Upgrading> {
  const given = fixture ?? (await createFixture());
  const token = await given.issue("ci");
  const guard = guardNode(given.verifier);
  const server = createServer((request, response) => guard(request, response, () => void response.end("plain")));
  let upgrades = 0;
  const counting: UpgradeHandler = (...args) => {
    upgrades++;
    return handler(...args);
  };
  server.on("upgrade", guardUpgrade(given.verifier, counting, options));
  const port = await listen(server);
  return {
    ...{ ...given, server, port, token, upgrades: () => upgrades },
    async send(headers = [], { path = "/mcp", start = `GET ${path} HTTP/1.1`, until: last } = {}) {
      const socket = connect(port, "127.0.0.1");
      onTestFinished(() => void socket.destroy());
      const key = randomBytes(16).toString("base64");
      const lines = [start, `Host: 127.0.0.1:${port}`, "Connection: Upgrade", "Upgrade: websocket"];
      socket.write(
        [...lines, `Sec-WebSocket-Key: ${key}`, "Sec-WebSocket-Version: 13", ...headers, "", ""].join("\r\n"),
      );
      return receive(socket, last);
    },
  };
}

async function receive(socket: Socket, last?: string): Promise<string> {
  let received = "";
  socket.setEncoding("latin1");
  socket.on("error", () => undefined);
  for await (const chunk of socket) {
    received += String(chunk);
    if (last !== undefined && received.includes(last)) break;
  }
  return received;
}

const bearer = (token: string) => `Authorization: Bearer ${token}`;

test("opens a WebSocket with a valid key, and gives the handler the caller", async () => {
  const { send, token } = await startUpgrading();
  expect(await send([bearer(token)], { until: "\x81\x02ci" })).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/);
});

test("passes on data that arrives right behind the request", async () => {
  const heads: string[] = [];
  const { send, token } = await startUpgrading({}, (request, socket, head) => {
    heads.push(String(head));
    return openWebSocket(request, socket, head);
  });
  await send([bearer(token), "", "early"], { until: "ci" });
  expect(heads[0]).toContain("early");
});

test("works with the WebSocket client of Node", async () => {
  const { port, token } = await startUpgrading();
  const script = `
    const open = (headers) => new Promise((resolve) => {
      const client = new WebSocket("ws://127.0.0.1:${port}/mcp", { headers });
      client.onmessage = ({ data }) => (client.close(), resolve(data));
      client.onerror = () => resolve("refused");
    });
    const authorization = "Bearer " + process.env.TOKEN;
    Promise.all([open({ authorization }), open({})]).then((got) => (console.log(got.join()), process.exit()));`;
  const args = ["--experimental-websocket", "--no-warnings", "-e", script];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: { TOKEN: token } });
  expect(stdout.trim()).toBe("ci,refused");
});

test("answers a request without a valid key with a complete response and closes the connection", async () => {
  const { send, token, upgrades, verifier } = await startUpgrading();
  const got = await send();
  const [head = "", body = ""] = got.split("\r\n\r\n");
  expect(head.split("\r\n")).toEqual([
    "HTTP/1.1 401 Unauthorized",
    'www-authenticate: Bearer realm="mcp"',
    "content-type: application/json",
    "cache-control: no-store",
    `content-length: ${body.length}`,
    "connection: close",
  ]);
  expect(JSON.parse(body)).toMatchObject({ error: "unauthorized" });
  expect(await send([bearer(`${token.slice(0, -1)}~`)])).toMatch(/^HTTP\/1\.1 401 .*error="invalid_token"/s);
  expect(await send([bearer(token), bearer(token)])).toMatch(/^HTTP\/1\.1 400 /);
  expect(await send([], { path: `/mcp?access_token=${token}` })).toMatch(/^HTTP\/1\.1 401 /);
  expect(await send([`Sec-WebSocket-Protocol: ${token}`])).toMatch(/^HTTP\/1\.1 401 /);
  expect(await send([], { start: "HEAD /mcp HTTP/1.1" })).toMatch(/^HTTP\/1\.1 401 .*connection: close\r\n\r\n$/s);
  expect(upgrades()).toBe(0);
  expect(verifier.counters.accepted).toBe(0);
});

test("checks the Origin, since browsers open WebSockets to every server", async () => {
  const { send, token, upgrades } = await startUpgrading();
  expect(await send([bearer(token), "Origin: https://evil.example"])).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
  expect(upgrades()).toBe(0);
  expect(await send([bearer(token), "Origin: http://localhost:6274"], { until: "ci" })).toMatch(/^HTTP\/1\.1 101 /);
});

test("applies scopes, open paths and sessions like the guard of the same server", async () => {
  const scoped = await startUpgrading({ scopes: ["admin"], openPaths: ["/open"] });
  expect(await scoped.send([bearer(scoped.token)])).toMatch(/^HTTP\/1\.1 403 .*scope="admin"/s);
  expect(await scoped.send([], { path: "/open", until: "nobody" })).toMatch(/^HTTP\/1\.1 101 /);

  const { send, token, issue } = await startUpgrading();
  const session = "Mcp-Session-Id: s1";
  await send([bearer(token), session], { until: "ci" });
  expect(await send([bearer(await issue("other")), session])).toMatch(/^HTTP\/1\.1 404 /);
});

test("answers 503 if the store is silent for too long", async () => {
  const fixture = await createFixture();
  const { send, token, upgrades } = await startUpgrading({}, openWebSocket, fixture);
  fixture.trouble.fault = new KeysError("STORE_UNAVAILABLE", "the disk is gone");
  await until(() => fixture.verifier.counters.faults > 0);
  fixture.clock.now += 61;
  expect(await send([bearer(token)])).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n.*retry-after: 5/s);
  expect(upgrades()).toBe(0);
});

test.each([
  [
    "throws",
    (): never => {
      throw new TypeError("secret");
    },
  ],
  [
    "rejects",
    async (): Promise<never> => {
      throw new TypeError("secret");
    },
  ],
] as const)("closes the connection if the handler %s, and logs it", async (_, handler) => {
  const { send, token, lines } = await startUpgrading({}, handler);
  expect(await send([bearer(token)])).toBe("");
  expect(lines.join("\n")).toContain("refused (upgrade-failed): the handler of guardUpgrade threw TypeError");
  expect(lines.join("\n")).not.toContain("secret");
});

test("survives clients that reset the connection at any moment", async () => {
  const { port, token, send, upgrades } = await startUpgrading();
  const lines = ["GET /mcp HTTP/1.1", "Host: localhost", "Connection: Upgrade", "Upgrade: websocket"];
  for (const headers of [[], [bearer(token)]]) {
    for (let i = 0; i < 20; i++) {
      const socket = connect(port, "127.0.0.1");
      await once(socket, "connect");
      socket.write([...lines, ...headers, "", ""].join("\r\n"));
      if (i % 2 === 0) await new Promise(setImmediate);
      socket.resetAndDestroy();
    }
  }
  expect(await send([bearer(token)], { until: "ci" })).toMatch(/^HTTP\/1\.1 101 /);
  expect(upgrades()).toBeGreaterThan(0);
});

test("calls no handler for a client that has gone while the store was read", async () => {
  const fixture = await createFixture({ pollEvery: 3600, maxStaleness: 3601 });
  const { port, token, server, upgrades } = await startUpgrading({}, openWebSocket, fixture);
  fixture.clock.now += 7200;
  const socket = connect(port, "127.0.0.1");
  const lines = ["GET /mcp HTTP/1.1", "Host: localhost", "Connection: Upgrade", "Upgrade: websocket", bearer(token)];
  socket.write([...lines, "", ""].join("\r\n"));
  const [, connection] = (await once(server, "upgrade")) as [GuardedRequest, Socket];
  connection.destroy();
  await until(() => fixture.verifier.ready);
  await new Promise(setImmediate);
  expect(upgrades()).toBe(0);
});

test("closes a refused connection even if the client keeps sending", async () => {
  const { port } = await startUpgrading();
  const socket = connect(port, "127.0.0.1");
  socket.write("GET /mcp HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  const flood = setInterval(() => socket.write("x".repeat(1000)), 5);
  onTestFinished(() => clearInterval(flood));
  expect(await receive(socket)).toMatch(/^HTTP\/1\.1 401 /);
});

test("fits the connect event", async () => {
  const { verifier, server, send, token } = await startUpgrading();
  server.on(
    "connect",
    guardUpgrade(verifier, (_request, socket) => socket.end("HTTP/1.1 200 OK\r\n\r\ntunnel")),
  );
  const start = "CONNECT db.internal:5432 HTTP/1.1";
  expect(await send([], { start })).toMatch(/^HTTP\/1\.1 401 /);
  expect(await send([bearer(token)], { start })).toMatch(/tunnel$/);
});

test("rejects a missing handler, toolScopes and unknown options", async () => {
  const { verifier } = await createFixture();
  const usage = (message: string) =>
    expect.objectContaining({ code: "USAGE", message: expect.stringContaining(message) as string }) as Error;
  expect(() => guardUpgrade(verifier, undefined as never)).toThrow(usage("needs a handler"));
  expect(() => guardUpgrade(verifier, { scopes: ["x"] } as never)).toThrow(usage("needs a handler"));
  expect(() => guardUpgrade(verifier, openWebSocket, { toolScopes: {} } as never)).toThrow(
    usage("cannot check toolScopes"),
  );
  expect(() => guardUpgrade(verifier, openWebSocket, { scope: "x" } as never)).toThrow(usage('no option "scope"'));
});
