import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";

/** The browser to use, or `null` if none is installed. */
export const CHROMIUM =
  ["chromium", "chromium-browser", "google-chrome"].find((name) => spawnSync(name, ["--version"]).status === 0) ?? null;

/** A page in a real browser. */
export interface BrowserPage {
  /** Opens a file and waits until it is loaded. */
  open(path: string): Promise<void>;
  /** Returns the value of an expression in the page. */
  evaluate<T>(expression: string): Promise<T>;
  /** Sends a command of the DevTools protocol. */
  send(method: string, params?: object): Promise<Record<string, unknown>>;
  /** URLs that the page requested. */
  readonly requested: string[];
  /** Messages of the console, and errors. */
  readonly messages: string[];
  close(): Promise<void>;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"];

/** Starts a browser with a new profile and returns its only page. */
export async function openBrowser(program: string): Promise<BrowserPage> {
  const profile = mkdtempSync(join(tmpdir(), "mcp-keys-browser-"));
  const child = spawn(program, [...FLAGS, `--user-data-dir=${profile}`, "--remote-debugging-pipe"], {
    stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
    env: { ...process.env, HOME: profile },
  });
  const [, , , input, output] = child.stdio as unknown as [null, null, null, Writable, Readable];
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const waiting = new Map<number, (message: Message) => void>();
  const requested: string[] = [];
  const messages: string[] = [];
  let loaded = (): void => undefined;
  let rest = "";
  const take = (message: Message): void => {
    const { id, method, params = {} } = message;
    if (id !== undefined) waiting.get(id)?.(message);
    if (method === "Network.requestWillBeSent") requested.push((params["request"] as { url: string }).url);
    if (method === "Runtime.consoleAPICalled" || method === "Runtime.exceptionThrown")
      messages.push(JSON.stringify(params));
    if (method === "Log.entryAdded") messages.push(JSON.stringify(params));
    if (method === "Page.loadEventFired") loaded();
  };
  output.setEncoding("utf8").on("data", (chunk: string) => {
    const parts = (rest + chunk).split("\0");
    rest = parts.pop() ?? "";
    for (const part of parts) take(JSON.parse(part) as Message);
  });
  let count = 0;
  const call = async (method: string, params: object, sessionId?: string): Promise<Record<string, unknown>> => {
    const id = ++count;
    const answer = new Promise<Message>((resolve) => waiting.set(id, resolve));
    input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    const gone = ended.then((): Message => ({ error: { message: "the browser ended" } }));
    const { result = {}, error } = await Promise.race([answer, gone]);
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result;
  };
  const { targetId } = await call("Target.createTarget", { url: "about:blank" });
  const { sessionId } = await call("Target.attachToTarget", { targetId, flatten: true });
  const send = (method: string, params: object = {}) => call(method, params, sessionId as string);
  for (const domain of ["Page", "Runtime", "Log", "Network"]) await send(`${domain}.enable`);
  return {
    requested,
    messages,
    send,
    open: async (path) => {
      const done = new Promise<void>((resolve) => (loaded = resolve));
      await send("Page.navigate", { url: `file://${path}` });
      await done;
    },
    evaluate: async <T>(expression: string) => {
      const { result, exceptionDetails } = await send("Runtime.evaluate", { expression, returnByValue: true });
      if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
      return (result as { value: T }).value;
    },
    close: async () => {
      child.kill("SIGKILL");
      await ended;
      // The processes of the browser may write for a moment longer.
      rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    },
  };
}
