/** Sends HTTP load to a server: with `wrk` if it is installed, else with a client of our own. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const CONNECTIONS = 32;
/** As short as wrk allows, to spread a disturbance over neighbouring cases. */
const WRK_SECONDS = 1;
const OWN_MS = 150;
const OWN_CONNECTIONS = 16;

/** The name of servers that speak HTTP/2, without TLS. */
export const HTTP2 = "HTTP/2";

/** @param pids - the processes of the servers, which run on the second core; wrk runs on the first */
export async function createLoad(pids, framework) {
  if (framework === HTTP2) return { name: `${OWN_MS} ms, ${OWN_CONNECTIONS} streams on one connection`, run: runOwn };
  const hasWrk = await isInstalled("wrk", ["-v"]);
  if (!hasWrk) return { name: `${OWN_MS} ms, ${OWN_CONNECTIONS} connections, without wrk`, run: runOwn };
  const isPinned = availableParallelism() > 1 && (await isInstalled("taskset", ["-V"]));
  if (isPinned) for (const pid of pids) await run("taskset", ["-apc", "1", String(pid)]);
  const name = `wrk, ${WRK_SECONDS} s, ${CONNECTIONS} connections${isPinned ? ", one core each" : ""}`;
  return { name, run: (port, token) => runWrk(port, token, isPinned ? ["taskset", "-c", "0"] : []) };
}

/** Ignores the exit status: `wrk -v` exits with 1. */
function isInstalled(program, args) {
  return run(program, args).then(
    () => true,
    ({ code }) => code !== "ENOENT",
  );
}

async function runWrk(port, token, before) {
  const folder = await mkdtemp(join(tmpdir(), "mcp-keys-bench-"));
  try {
    const script = join(folder, "post.lua");
    const headers = Object.entries(headersOf(token)).map(([name, value]) => `wrk.headers["${name}"] = "${value}"\n`);
    await writeFile(script, `wrk.method = "POST"\n${headers.join("")}`);
    const [program, ...args] = [...before, "wrk", "-t1", `-c${CONNECTIONS}`, `-d${WRK_SECONDS}s`, "-s", script];
    const { stdout } = await run(program, [...args, `http://127.0.0.1:${port}/mcp`]);
    const [, requests, seconds] = /(\d+) requests in ([\d.]+)s/.exec(stdout) ?? [];
    if (requests === undefined || stdout.includes("Non-2xx")) throw new Error(`wrk: ${stdout}`);
    return { requests: Number(requests), seconds: Number(seconds) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function runOwn(port, token, framework) {
  const start = performance.now();
  const requests = await sendOf(framework)(port, token, () => performance.now() - start < OWN_MS);
  return { requests, seconds: (performance.now() - start) / 1000 };
}

/** Sends `count` requests, and at most one more on each connection. */
export async function sendRequests(port, token, count, framework) {
  return sendOf(framework)(port, token, (requests) => requests < count);
}

function sendOf(framework) {
  return framework === HTTP2 ? sendHttp2 : send;
}

/** The headers of a client after `initialize`. */
function headersOf(token) {
  return { Authorization: `Bearer ${token}`, "MCP-Protocol-Version": "2025-11-25" };
}

/** Sends one request after the other on each connection while `goesOn` holds. Returns the number of responses. */
async function send(port, token, goesOn) {
  const headers = { Host: "127.0.0.1", ...headersOf(token), "Content-Length": "0" };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const request = `POST /mcp HTTP/1.1\r\n${lines.join("")}\r\n`;
  let requests = 0;
  const connection = () =>
    new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1", () => socket.write(request));
      socket.setNoDelay(true).setEncoding("latin1").on("error", reject);
      socket.on("data", (text) => {
        if (!text.startsWith("HTTP/1.1 200") || !text.endsWith("\r\n\r\nok")) return socket.destroy(new Error(text));
        if (goesOn(++requests)) socket.write(request);
        else socket.end(resolve);
      });
    });
  await Promise.all(Array.from({ length: OWN_CONNECTIONS }, connection));
  return requests;
}

/** Does the same with streams of one connection. */
async function sendHttp2(port, token, goesOn) {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  const headers = Object.entries(headersOf(token)).map(([name, value]) => [name.toLowerCase(), value]);
  const head = { ":method": "POST", ":path": "/mcp", ...Object.fromEntries(headers) };
  let requests = 0;
  const exchange = () =>
    new Promise((resolve, reject) => {
      const stream = session.request(head, { endStream: true });
      stream.on("response", ({ ":status": status }) => status === 200 || reject(new Error(`answered ${status}`)));
      stream.on("error", reject).on("end", resolve).resume();
    });
  const one = async () => {
    do await exchange();
    while (goesOn(++requests));
  };
  await Promise.all(Array.from({ length: OWN_CONNECTIONS }, one));
  await new Promise((resolve) => session.close(resolve));
  return requests;
}
