import { openEngine, probe, setAndCompare } from "./engine.ts";
import type { Engine } from "./engine.ts";
import type { Reply, Request } from "./protocol.ts";

/**
 * The program of the process that `child.ts` starts, built to `dist/keychain/child.cjs`: lines of JSON on stdin and stdout, one answer a request. It is
 * a process so that it can be killed: a prompt that nobody answers can be left in no other way, and an engine may crash.
 */

let engine: Engine | null = null;
let rest = "";
let turn: Promise<void> = Promise.resolve();

process.stdin.setEncoding("utf8");
process.stdin.on("data", (piece: string) => {
  const lines = (rest + piece).split("\n");
  rest = lines.pop() ?? "";
  for (const line of lines) turn = turn.then(() => answer(line));
});
// Whoever started it is gone. `process.exit` would wait for a call that is under way.
process.stdin.on("close", () => process.kill(process.pid, "SIGKILL"));
process.stdout.on("error", () => process.kill(process.pid, "SIGKILL"));

async function answer(line: string): Promise<void> {
  const reply = await carryOut(line).catch((cause: unknown): Reply => {
    const { message, code } = cause as { message?: unknown; code?: unknown };
    const missing = code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND";
    return { ok: false, text: String(message).slice(0, 500), ...(missing && { missing }) };
  });
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}

async function carryOut(line: string): Promise<Reply> {
  const request = JSON.parse(line) as Request;
  if (request.op === "open") {
    engine = await openEngine(request.engine);
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
