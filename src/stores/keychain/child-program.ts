import { setTimeout as sleep } from "node:timers/promises";
import { openEngine, probe, setAndCompare } from "./engine.ts";
import type { Engine } from "./engine.ts";
import type { ChildReply, ChildRequest, PromptNotice } from "./protocol.ts";

/**
 * The program that `child.ts` starts, built to `dist/keychain/child.cjs`. It reads and writes lines of JSON. It is a separate
 * process because only a kill ends a call that waits for a prompt, and because an engine may crash.
 */

/** An unlocked keyring answers sooner than this. */
const PROMPT_AFTER_MS = 300;
/** A service name without items. */
const NO_SERVICE = "mcp-keys-none";
const SEARCHES = 3;

let engine: Engine | null = null;
let rest = "";
let last: Promise<void> = Promise.resolve();

process.stdin.setEncoding("utf8");
process.stdin.on("data", (piece: string) => {
  const lines = (rest + piece).split("\n");
  rest = lines.pop() ?? "";
  for (const line of lines) last = last.then(() => answer(line));
});
// The parent is gone. `process.exit` would wait for the engine's call.
process.stdin.on("close", () => process.kill(process.pid, "SIGKILL"));
process.stdout.on("error", () => process.kill(process.pid, "SIGKILL"));

async function answer(line: string): Promise<void> {
  const reply = await carryOut(line).catch((cause: unknown): ChildReply => {
    const { message, code } = cause as { message?: unknown; code?: unknown };
    const missing = code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND";
    return { ok: false, text: String(message).slice(0, 500), ...(missing && { missing }) };
  });
  send(reply);
}

/** Adds a notice to each call that waits for a prompt. */
function watch(asked: Engine): Engine {
  const watched = async <T>(call: Promise<T>): Promise<T> => {
    const done = new AbortController();
    noticePrompt(asked, done.signal).catch(() => {});
    return call.finally(() => done.abort());
  };
  return {
    get: (service, account) => watched(asked.get(service, account)),
    set: (service, account, value) => watched(asked.set(service, account, value)),
    remove: (service, account) => watched(asked.remove(service, account)),
    find: (service) => watched(asked.find(service)),
  };
}

/**
 * Sends a notice if a call waits for a prompt: then a Secret Service still answers a search, unlike a Secret Service that hangs. A
 * search for nothing opens no prompt. It runs more than once because a search may overtake a call that is merely slow.
 */
async function noticePrompt(asked: Engine, signal: AbortSignal): Promise<void> {
  await sleep(PROMPT_AFTER_MS, undefined, { signal });
  for (let searches = 0; searches < SEARCHES; searches++) {
    await asked.find(NO_SERVICE);
    signal.throwIfAborted();
  }
  send({ prompt: true });
}

function send(line: ChildReply | PromptNotice): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function carryOut(line: string): Promise<ChildReply> {
  const request = JSON.parse(line) as ChildRequest;
  if (request.op === "open") {
    const opened = await openEngine(request.engine);
    engine = process.platform === "linux" ? watch(opened) : opened;
    return { ok: true };
  }
  if (engine === null) throw new Error("no engine is open");
  switch (request.op) {
    case "probe":
      await probe(engine, request.service);
      return { ok: true };
    case "set":
      await setAndCompare(engine, request);
      return { ok: true };
    case "get":
      return { ok: true, value: await engine.get(request.service, request.account) };
    case "remove":
      return { ok: true, removed: await engine.remove(request.service, request.account) };
    case "find":
      return { ok: true, items: await engine.find(request.service) };
  }
}
