import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { listenOn, type Running } from "../../../servers/listen.ts";
import { TOKEN } from "../../verify/verifying.ts";
import type { BrokenServer } from "../broken.ts";
import { ServerBehavior, type Mistake } from "../configurable-server.ts";
import { skipping } from "./skipping.ts";

const CHECK = "requires-key-for-every-connection";

const SKIPPING = skipping(CHECK, [
  [
    "passes every Upgrade to another handler that is not there",
    /Upgrade: websocket/,
    (headers) => headers["upgrade"] !== undefined,
  ],
  ["passes upgrades to HTTP/2 on", /Upgrade: h2c/, (headers) => headers["upgrade"] === "h2c"],
  ["takes HTTP/1.0 for a health check", /HTTP\/1\.0/, (_, { httpVersion }) => httpVersion === "1.0"],
  ["takes a request without Host for a local one", /no Host/, (headers) => headers["host"] === undefined],
]);
const WITHOUT_HOST: Mistake = {
  knowsHost: (request) => request.headers.host === undefined || ServerBehavior.prototype.knowsHost(request),
};

/** Remembers something about connections that presented a valid key. */
function remembering(mark: (request: IncomingMessage) => object | string): Mistake {
  const known = new Set<object | string>();
  return {
    isGuarded: (request) => !known.has(mark(request)),
    readKey(request) {
      const presented = ServerBehavior.prototype.readKey.call(this, request);
      if (presented === "valid") known.add(mark(request));
      return presented;
    },
  };
}

/** Starts a correct server after `change` gave it a way past its guard. `open` is the same server without a guard. */
function startChanged(change: (server: Server, open: ServerBehavior) => void): () => Promise<Running> {
  return () => {
    const behavior = new ServerBehavior([TOKEN.reveal()]);
    const server = createServer((request, response) => void behavior.handle(request, response));
    change(server, Object.assign(new ServerBehavior([TOKEN.reveal()]), { isGuarded: () => false }));
    return listenOn(server);
  };
}

/** Speaks enough of a WebSocket to answer the first frames with a list. */
function answerFrames(socket: Duplex): void {
  socket.write("HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\r\n");
  socket.on("error", () => undefined);
  socket.on("end", () => socket.end());
  socket.once("data", () => {
    const reply = JSON.stringify({ jsonrpc: "2.0", id: "mcp-keys:tools/list", result: { tools: [{ name: "add" }] } });
    socket.write(Buffer.concat([Buffer.from([0x81, reply.length]), Buffer.from(reply)]));
  });
}

/** Servers that take a connection, or what it asks to become, for a key. */
export const OPEN_CONNECTIONS: readonly BrokenServer[] = [
  ...SKIPPING.map((one) =>
    one.culprit?.source === "no Host" ? { ...one, make: () => ({ ...one.make?.(), ...WITHOUT_HOST }) } : one,
  ),
  {
    mistake: "remembers that a connection was accepted",
    culprit: /your key before it on the same connection/,
    caught: [CHECK],
    make: () => remembering((request) => request.socket),
  },
  {
    mistake: "remembers the port of a client that was accepted",
    culprit: /same connection/,
    caught: [CHECK],
    make: () =>
      remembering((request) => `${String(request.socket.remoteAddress)}:${String(request.socket.remotePort)}`),
  },
  {
    mistake: "answers Expect: 100-continue in a handler without a guard",
    culprit: /Expect: 100-continue/,
    caught: [CHECK],
    start: startChanged((server, open) => {
      server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
        response.writeContinue();
        void open.handle(request, response);
      });
    }),
  },
  {
    mistake: "guards requests and speaks MCP over a WebSocket without a key",
    culprit: /Upgrade: websocket and the method GET/,
    caught: [CHECK],
    start: startChanged((server) => {
      server.on("upgrade", ({ method }: IncomingMessage, socket: Duplex) => {
        if (method === "GET") answerFrames(socket);
        else socket.end("HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n");
      });
    }),
  },
];
