import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createProcesses } from "./process.ts";

const STATUS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

async function withKey() {
  const made = createProcesses();
  const at = (name: string) => join(made.dir, name);
  await made.mcpKeys(["generate", "ci", "--out", at("first.key")]);
  const versions = async () =>
    JSON.parse((await made.mcpKeys(["show", "ci", "--json"])).stdout).key.versions.map(
      ({ state, reason }: { state: string; reason?: string }) => reason ?? state,
    );
  /** Runs `rotate`, and interrupts it when a command has printed `ready`. */
  const rotate = (flags: readonly string[], signal?: NodeJS.Signals) => {
    let sent = false;
    return made.mcpKeys(["rotate", "ci", ...flags], {
      onStderr: (text, kill) => {
        if (sent || signal === undefined || !text.includes("ready")) return;
        sent = true;
        kill(signal);
      },
    });
  };
  return { ...made, at, versions, rotate };
}

const PUBLISH = ["--publish", 'cat >"$HOME/keyset.json"'];
const TO = ["--to", 'cat >"$HOME/token"'];
/** Goes on for a moment, then ends well. */
const slow = (command: string) => `${command}; echo ready >&2; sleep 1`;
const hangs = (command: string) => `${command}; echo ready >&2; sleep 30`;

describe.concurrent("an interruption says in which step it came and what that leaves", () => {
  test.for([
    [
      "publish, which ends",
      "SIGINT",
      ["--publish", slow('cat >"$HOME/keyset.json"'), ...TO],
      /in the step "publish": the new token was not delivered, and the old one stays current\nhint: run the same command again\n$/,
      ["current", "undelivered"],
    ],
    [
      "publish, which hangs",
      "SIGTERM",
      ["--publish", hangs("cat >/dev/null"), "--grace", "0s", ...TO],
      /in the step "publish": the new token was not delivered, and the old one stays current\n/,
      ["current", "undelivered"],
    ],
    [
      "prove early",
      "SIGTERM",
      ["--publish", 'cat >"$HOME/keyset.json"; echo ready >&2', "--verify", "http://127.0.0.1:1/mcp", ...TO],
      /in the step "(publish|prove early)": the new token was not delivered, and the old one stays current\n/,
      ["current", "undelivered"],
    ],
    [
      "deliver",
      "SIGINT",
      [...PUBLISH, "--to", hangs('cat >"$HOME/token"'), "--grace", "0s"],
      /in the step "deliver": the new token may have arrived, and both tokens work\nhint: run the same command again to finish\n$/,
      ["current", "pending"],
    ],
    [
      "deploy, which ends",
      "SIGHUP",
      [...TO, "--deploy", slow("true"), "--deploy", 'touch "$HOME/second"'],
      /in the step "deploy": the new token was delivered, and both tokens work\n/,
      ["current", "pending"],
    ],
    [
      "deploy, which hangs",
      "SIGTERM",
      [...TO, "--deploy", hangs("true"), "--grace", "0s"],
      /in the step "deploy": the new token was delivered, and both tokens work\n/,
      ["current", "pending"],
    ],
    [
      "the last publish, which ends",
      "SIGTERM",
      [...TO, "--publish", '[ ! -e "$HOME/token" ] || echo ready >&2; sleep 1; cat >"$HOME/keyset.json"'],
      /error: interrupted, but the rotation is done\nhint: nothing is left to do\n$/,
      ["retiring", "current"],
    ],
    [
      "the last publish, which hangs",
      "SIGINT",
      [...TO, "--grace", "0s", "--publish", 'cat >/dev/null; [ ! -e "$HOME/token" ] || { echo ready >&2; sleep 30; }'],
      /in the step "publish": the new version is current, but servers that read a keyset may not know when the old token ends\nhint: publish it with: mcp-keys export --keyset --store \S+ --to /,
      ["retiring", "current"],
    ],
  ] as const)("%s", async ([, signal, flags, says, after]) => {
    const { rotate, versions, at } = await withKey();
    const ended = await rotate(flags, signal);
    expect(ended).toMatchObject({ status: STATUS[signal], stdout: "" });
    expect(ended.stderr).toMatch(says);
    expect(await versions()).toEqual(after);
    expect(existsSync(at("second"))).toBe(false);
    const again = await rotate([...PUBLISH, ...TO]);
    expect(again.status).toBe(0);
    const states = await versions();
    expect(states).not.toContain("pending");
    expect(states.at(-1)).toBe("current");
    expect(readFileSync(at("keyset.json"), "utf8")).toContain('"state":"current"');
  });
});
