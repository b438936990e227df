import type { Secret } from "../../core/secret.ts";
import { KeysError } from "../../errors.ts";
import type { KeyHeader } from "../../probe/mcp/key-header.ts";
import type { ReportName } from "../../probe/report/index.ts";
import type { Context } from "../context.ts";
import { readTokenVariable } from "../token-source.ts";

/** The flags of `test`. */
export interface TestFlags {
  readonly report?: ReportName | "pretty";
  /** Entries `<format>=<file>`. */
  readonly save?: readonly string[];
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  readonly list?: true;
  readonly strict?: true;
  readonly baseline?: string;
  readonly header?: KeyHeader;
  readonly call?: string;
  readonly secondKeyEnv?: string;
  /** Seconds. */
  readonly timeout?: number;
  /** Seconds. */
  readonly patience?: number;
  /** Requests per second. */
  readonly rate: number;
  readonly concurrency: number;
  readonly allowHttp?: true;
  readonly stdio?: true;
  readonly proxy?: true;
  readonly envName?: string;
}

/**
 * Reads the URL of the server from the arguments.
 * @throws {@link KeysError} `USAGE`
 */
export function readUrl([url, ...more]: readonly string[], { envName }: TestFlags): string {
  if (url === undefined) {
    throw new KeysError("USAGE", "no server was given", {
      hint: "for example: mcp-keys test http://127.0.0.1:3000/mcp",
    });
  }
  if (more.length > 0) {
    const hint = "test one server at a time; to test a program: mcp-keys test --stdio -- node server.js";
    throw new KeysError("USAGE", "more than one server was given", { hint });
  }
  if (envName !== undefined)
    throw new KeysError("USAGE", "--env-name is only for programs", { hint: "add --stdio, or remove --env-name" });
  return url;
}

/**
 * Reads the program to start and its arguments.
 * @throws {@link KeysError} `USAGE`
 */
export function readProgram(
  { flags: { store } }: Context,
  [command, ...args]: readonly string[],
  { header, call, secondKeyEnv, patience, allowHttp }: TestFlags,
): { command: string; args: string[] } {
  if (command === undefined) {
    throw new KeysError("USAGE", "no program was given", {
      hint: "for example: mcp-keys test --stdio -- node server.js",
    });
  }
  const others = { header, call, "second-key-env": secondKeyEnv, patience, "allow-http": allowHttp, store };
  const given = Object.entries(others);
  const [stray] = given.filter(([, value]) => value !== undefined).map(([name]) => name);
  if (stray === undefined) return { command, args };
  throw new KeysError("USAGE", `--${stray} cannot be used with --stdio`, { hint: "remove it" });
}

/**
 * Chooses the report; `--json` means `--report json`.
 * @throws {@link KeysError} `USAGE` for `--json` with another report
 */
export function reportNameOf({ flags }: Context, { report }: TestFlags): ReportName | "pretty" {
  if (!flags.json || report === undefined || report === "json") return flags.json ? "json" : (report ?? "pretty");
  throw new KeysError("USAGE", `--json and --report ${report} cannot be used together`, { hint: "remove one of them" });
}

/**
 * Reads the second key from the variable that `--second-key-env` names.
 * @throws {@link KeysError} `INPUT_REQUIRED`, `TOKEN_UNUSABLE`, `USAGE`
 */
export function readSecondKey(ctx: Context, name: string | undefined, key: Secret): Secret | undefined {
  if (name === undefined) return undefined;
  const second = readTokenVariable(ctx, name, { flag: "--second-key-env", what: "the second key" });
  if (second.reveal() === key.reveal()) {
    throw new KeysError("USAGE", `${name} holds the key under test`, {
      hint: "issue another key with: mcp-keys generate",
    });
  }
  return second;
}
