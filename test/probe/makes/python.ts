import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { join } from "node:path";
import type { MadeServer, Make } from "./make.ts";
import { ENV } from "./programs.ts";

/** A server of Python's standard library. */
export const PYTHON_MAKES: readonly Make[] = [
  { name: "in Python, of the standard library", needs: "python3", start: (open) => startPython(open, []) },
  {
    name: "in Python, over HTTP/1.0, one request at a time",
    needs: "python3",
    start: (open) => startPython(open, ["--plain"]),
  },
];

async function startPython(open: boolean, flags: readonly string[]): Promise<MadeServer> {
  const key = randomBytes(24).toString("base64url");
  const child = spawn("python3", [join(import.meta.dirname, "server.py"), ...flags, ...(open ? ["--open"] : [])], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...ENV, MCP_API_KEY: key },
  });
  const ended = once(child, "close");
  const [port] = (await once(createInterface(child.stdout), "line")) as [string];
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    key,
    tool: "add",
    async close() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
