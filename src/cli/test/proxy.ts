import { constants } from "node:os";
import { KeysError } from "../../errors.ts";
import { startKeyProxy } from "../../http/key-proxy.ts";
import { BEARER } from "../../probe/mcp/key-header.ts";
import { keyHeaders } from "../../probe/mcp/presented-key.ts";
import { isExposed, parseServerUrl } from "../../probe/mcp/server-url.ts";
import { createRandomText } from "../../probe/random-text.ts";
import { parentEnded } from "../../process/parent-ended.ts";
import { startProcess, type ProcessExit } from "../../process/start-process.ts";
import type { Context } from "../context.ts";
import { readToken } from "../token-source.ts";
import type { TestFlags } from "./options.ts";

/** Stands for the URL of the proxy in the command after `--`. */
const PLACEHOLDER = "{url}";
/** The flags of a test. `--rate` and `--concurrency` have a default, so they are always there. */
const OF_A_TEST = [
  ...["report", "save", "only", "skip", "list", "strict", "baseline", "call", "secondKeyEnv", "timeout", "patience"],
  ...["stdio", "envName"],
] as const satisfies (keyof TestFlags)[];
/** Characters of the path that only this run knows. */
const SECRET_LENGTH = 32;
/** Milliseconds that the command gets to end after Ctrl-C. */
const GRACE = 2_000;

/**
 * Adds the key to the requests of another tool. Prints the URL of the proxy and runs until it is interrupted; with a command, runs that
 * and ends with its status.
 * @throws {@link KeysError} `USAGE`, `INSECURE_TRANSPORT`, `INPUT_REQUIRED`, `TOKEN_UNUSABLE`
 */
export async function runProxy(ctx: Context, target: readonly string[], flags: TestFlags): Promise<void> {
  const { io, world } = ctx;
  const { address, command } = readTarget(ctx, target, flags);
  parseServerUrl(address, null);
  const { header = BEARER, allowHttp } = flags;
  const key = await readToken(ctx);
  const url = parseServerUrl(address, key);
  if (isExposed(url, allowHttp)) {
    throw new KeysError("INSECURE_TRANSPORT", "plain http would expose the token outside this machine");
  }
  const proxy = await startKeyProxy({
    url,
    headers: () => keyHeaders(header, key.reveal()),
    secret: createRandomText(world.random)(SECRET_LENGTH),
    onAnswer: (method, status, fault) => {
      io.debug(`${method} ${String(status)}${fault === undefined ? "" : ` ${fault}`}`);
    },
  });
  ctx.atEnd(() => proxy.close());
  io.note(`adding your key to requests to ${url.origin}`);
  if (command.length > 0) {
    const words = command.map((word) => word.replaceAll(PLACEHOLDER, proxy.url));
    ctx.setExitStatus(statusOf(await runWords(ctx, words)));
    return;
  }
  await io.print(`${proxy.url}\n`);
  io.note("use this URL in the other tool; Ctrl-C ends the proxy");
  await parentEnded(world.interrupted);
}

/** Reads the URL and the command after it. */
function readTarget(
  { flags: { store, json } }: Context,
  [address, ...command]: readonly string[],
  flags: TestFlags,
): { address: string; command: readonly string[] } {
  if (address === undefined) {
    throw new KeysError("USAGE", "no server was given", {
      hint: "for example: mcp-keys test --proxy https://host.example/mcp",
    });
  }
  const stray = store !== undefined ? "store" : json ? "json" : OF_A_TEST.find((name) => flags[name] !== undefined);
  if (stray !== undefined) {
    const flag = stray.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new KeysError("USAGE", `--${flag} cannot be used with --proxy`, { hint: "remove it" });
  }
  if (command.length > 0 && !command.some((word) => word.includes(PLACEHOLDER))) {
    throw new KeysError("USAGE", `the command does not contain ${PLACEHOLDER}`, {
      hint: "for example: mcp-keys test --proxy https://host.example/mcp -- npx @modelcontextprotocol/conformance server --url {url}",
    });
  }
  return { address, command };
}

/** Runs the command at the same terminal, without the key. It ends at the latest with this run. */
async function runWords(ctx: Context, [program = "", ...args]: readonly string[]): Promise<ProcessExit> {
  const env = { ...ctx.world.env, MCP_API_KEY: undefined };
  const cannotStart = (cause: unknown): never => {
    const hint = "check the command after --, and that its program is installed";
    throw new KeysError("USAGE", `cannot start ${program}`, { hint, cause });
  };
  try {
    const running = startProcess(program, args, { env, stdio: "inherit" });
    ctx.atEnd(() => running.end(GRACE), 2 * GRACE);
    await running.started;
    void parentEnded(ctx.world.interrupted).then(() => running.end(GRACE));
    return await running.exited;
  } catch (cause) {
    return cannotStart(cause);
  }
}

/** Returns the exit status as a shell does. */
function statusOf({ code, signal }: ProcessExit): number {
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}
