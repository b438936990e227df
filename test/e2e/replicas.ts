import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { Agent, request as send, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";
import { listen } from "../servers/listen.ts";
import { startServerProcess, type ServerProcess } from "./server-process.ts";

/** Keeps connections open: a new one for each request would be most of the work. */
const AGENT = new Agent({ keepAlive: true });

/** A server and what the proxy knows about it. */
interface Replica {
  process: ServerProcess | null;
  inFlight: number;
}

/**
 * Starts two replicas of a server behind a proxy. Like systemd, it gives them the variables of a file when they start, and restarts one
 * when `systemctl` asks for it. The proxy sends no request to a replica that is about to stop.
 * @returns the URL of the proxy
 */
export async function startReplicas(program: string, environmentFile: string, world: string): Promise<string> {
  const start = (): Promise<ServerProcess> => startServerProcess(program, readEnvironment(environmentFile));
  const replicas: Replica[] = [];
  for (let i = 0; i < 2; i++) replicas.push({ process: await start(), inFlight: 0 });
  const proxy = await listen((request, response) => void forward(replicas, request, response));
  const requests = join(world, "restart");
  mkdirSync(requests);
  const end = new AbortController();
  const supervised = (async () => {
    while (!end.signal.aborted) {
      for (const [i, replica] of replicas.entries()) {
        const asked = join(requests, String(i + 1));
        if (!existsSync(asked)) continue;
        const stopping = replica.process;
        replica.process = null;
        for (let waited = 0; replica.inFlight > 0 && waited < 200; waited++) await pause();
        await stopping?.stop();
        replica.process = await start();
        rmSync(asked);
      }
      await pause();
    }
  })();
  onTestFinished(async () => {
    end.abort();
    await supervised;
    await proxy.close();
    AGENT.destroy();
  });
  return proxy.url;
}

async function forward(replicas: Replica[], request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await text(request);
  const ready = replicas.filter((each) => each.process !== null).sort((a, b) => a.inFlight - b.inFlight);
  const chosen = ready[0];
  if (chosen?.process == null) return void response.writeHead(502).end();
  chosen.inFlight++;
  try {
    const { host: _, connection: __, ...headers } = request.headers;
    const outgoing = send(chosen.process.url, { method: request.method, headers, agent: AGENT });
    outgoing.end(body);
    const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
    const answered = await text(answer);
    response.writeHead(answer.statusCode ?? 502, answer.headers).end(answered);
  } catch {
    response.writeHead(502).end();
  } finally {
    chosen.inFlight--;
  }
}

function readEnvironment(file: string): Record<string, string> {
  const lines = readFileSync(file, "utf8").split("\n");
  return Object.fromEntries(lines.flatMap((line) => (line === "" ? [] : [line.split("=", 2) as [string, string]])));
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 25));
}
