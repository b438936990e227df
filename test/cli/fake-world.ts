import { randomBytes } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHttpRequest } from "../../src/http/client.ts";
import type { World } from "../../src/cli/context.ts";
import type { OutputStream } from "../../src/cli/terminal/io.ts";
import type { Prompts } from "../../src/cli/terminal/prompts.ts";
import { run } from "../../src/cli/run.ts";
import { Secret } from "../../src/core/secret.ts";

export interface FakeOptions {
  /** Simulates a person at a terminal who types these answers in turn. */
  readonly answers?: readonly string[];
  /** Text piped to stdin. */
  readonly piped?: string;
  readonly env?: Record<string, string>;
  readonly now?: number;
  /** Makes stdout a terminal of this width. */
  readonly columns?: number;
  /** Ctrl-C. */
  readonly interrupted?: AbortSignal;
  /** Makes stdout fail with EPIPE. */
  readonly brokenStdout?: boolean;
}

export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Creates a store in a new folder and a CLI over it that runs in this process. */
export function createCli(defaults: FakeOptions = {}) {
  const dir = mkdtempSync(join(tmpdir(), "mcp-keys-cli-"));
  const file = join(dir, "store", "keys.jsonl");
  const clock = { now: defaults.now ?? 1_800_000_000 };

  /** Runs a command line; a string is split into words without any expansion. */
  async function cli(line: string | readonly string[], options: FakeOptions = {}): Promise<Ran> {
    const given = { ...defaults, ...options };
    const printed = { stdout: "", stderr: "" };
    const asked: string[] = [];
    const interrupted = given.interrupted ?? new AbortController().signal;
    const world: World = {
      env: { MCP_KEYS_STORE: `file:${file}`, ...given.env },
      uid: process.getuid?.() ?? null,
      dataDir: join(dir, "data"),
      streams: {
        stdin: {
          isTerminal: given.answers !== undefined,
          isPiped: given.piped !== undefined,
          read: async () => given.piped?.replace(/\r?\n$/, "") ?? null,
        },
        stdout: output((text) => (printed.stdout += text), given),
        stderr: output((text) => (printed.stderr += text), { answers: given.answers }),
      },
      platform: "linux",
      node: process.version,
      now: () => clock.now,
      ticks: () => performance.now(),
      random: (size) => randomBytes(size),
      actor: "ada@laptop",
      interrupted,
      onInterrupt: (react) => {
        if (interrupted.aborted) react();
        else interrupted.addEventListener("abort", react, { once: true });
      },
      request: async () => createHttpRequest(),
      prompts: async () => answering(given.answers ?? [], asked),
    };
    const status = await run(typeof line === "string" ? splitWords(line) : line, world);
    return { status, ...printed };
  }
  return { cli, dir, file, clock };
}

function output(take: (text: string) => void, { answers, columns, brokenStdout }: FakeOptions): OutputStream {
  return {
    write: async (text) => {
      if (brokenStdout === true) throw Object.assign(new Error("write EPIPE"), { code: "EPIPE" });
      take(text);
    },
    fault: null,
    isTerminal: answers !== undefined || columns !== undefined,
    colors: 0,
    columns: columns ?? 80,
  };
}

/** Prompts that return the answers in turn and ask again if one fails the check. */
function answering(answers: readonly string[], asked: string[]): Prompts {
  const next = (message: string): string => {
    const answer = answers[asked.length];
    asked.push(message);
    if (answer === undefined) throw new Error(`no answer left for: ${message}`);
    return answer;
  };
  return {
    text: async ({ message, initial = "", check }) => {
      for (let tries = 0; tries < 5; tries++) {
        const answer = next(message) || initial;
        if (check === undefined || check(answer) === true) return answer;
      }
      throw new Error(`no answer passes the check: ${message}`);
    },
    secret: async ({ message }) => new Secret(next(message)),
  };
}

/** Splits a line at spaces, except within single quotes. */
export function splitWords(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? "");
}
