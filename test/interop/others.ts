import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { NODE } from "./programs.ts";
import { findPort, isListening } from "../servers/free-port.ts";

/** A server by others, used as documented, in its own process. */
interface Other {
  /** The program and its arguments. */
  readonly command: (port: number, key: string) => readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Default `/mcp`. */
  readonly path?: string;
}

const INSTALLED = join(import.meta.dirname, "node_modules");
const EVERYTHING = join(INSTALLED, "@modelcontextprotocol/server-everything/dist/index.js");
const MCP_PROXY = join(INSTALLED, "mcp-proxy/dist/bin/mcp-proxy.mjs");
const SUPERGATEWAY = join(INSTALLED, "supergateway/dist/index.js");
const STDIO = join(import.meta.dirname, "others/stdio.js");

/** A program in `others/`. It reads `PORT` and `MCP_API_KEYS`. */
function program(name: string, env: Other["env"] = {}): Other {
  return { command: () => [join(import.meta.dirname, `others/${name}.js`)], env };
}

function supergateway(...options: string[]): Other["command"] {
  return (port) => [SUPERGATEWAY, "--port", String(port), "--stdio", `"${NODE}" "${STDIO}"`, ...options];
}

const OTHERS = {
  "sdk-v1-stateful": program("sdk-v1-stateful"),
  "sdk-v1-stateless": program("sdk-v1-stateless"),
  "express-rate-limit": program("sdk-v1-stateless", { LIMIT: "25" }),
  "sdk-v2-express": program("sdk-v2-express"),
  "sdk-v2-web": program("sdk-v2-web"),
  "hono-bearer-auth": program("hono-bearer-auth"),
  "fastify-bearer-auth": program("fastify-bearer-auth"),
  fastmcp: program("fastmcp"),
  "mcp-handler": program("mcp-handler"),
  "passport-http-bearer": program("passport-bearer"),
  "mcp-proxy": {
    command: (port, key) => [
      ...[MCP_PROXY, "--host", "127.0.0.1", "--port", String(port), "--apiKey", key],
      ...["--", NODE, STDIO],
    ],
  },
  "mcp-handler, optional": program("mcp-handler", { OPTIONAL: "1" }),
  supergateway: { command: supergateway("--outputTransport", "streamableHttp") },
  "supergateway, stateful": { command: supergateway("--outputTransport", "streamableHttp", "--stateful") },
  "supergateway, SSE": { command: supergateway(), path: "/sse" },
  "server-everything": { command: () => [EVERYTHING, "streamableHttp"] },
  "server-everything, SSE": { command: () => [EVERYTHING, "sse"], path: "/sse" },
} as const satisfies Record<string, Other>;

export type OtherName = keyof typeof OTHERS;

/** Starts a server at a free port and waits until it listens. It stops with the test. */
export async function startOther(name: OtherName, keys: readonly [string, ...string[]]): Promise<string> {
  const { command, env = {}, path = "/mcp" }: Other = OTHERS[name];
  const port = await findPort();
  const child = spawn(NODE, command(port, keys[0]), {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"], PORT: String(port), MCP_API_KEYS: keys.join(), ...env },
  });
  const ended = once(child, "close");
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  for (let waited = 0; waited < 300; waited++) {
    if (child.exitCode !== null) break;
    if (await isListening(port)) return `http://127.0.0.1:${port}${path}`;
    await pause(50);
  }
  throw new Error(`it does not listen: ${output}`);
}
