import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createProcesses } from "./process.ts";

/** Signals that it has started, then runs long enough for us to be killed during the delivery. */
const READY = "echo ready >&2; sleep 1";

/** Kills the process like the system when memory runs out. */
function killWhenReady(text: string, kill: (signal: NodeJS.Signals) => void): void {
  if (text.includes("ready")) kill("SIGKILL");
}

async function withKey() {
  const made = createProcesses();
  const out = join(made.dir, "delivered");
  const { stdout: first } = await made.mcpKeys(["generate", "ci"]);
  const check = async (token: string) => (await made.mcpKeys(["check"], { stdin: token })).status;
  return { ...made, out, first, check };
}

test.each([
  ["before the command has read the token", READY, false],
  ["after the command has taken the token", `cat > "$OUT"; ${READY}`, true],
])("killed %s: the delivered token works, and the same command finishes the rotation", async (_, command, taken) => {
  const { mcpKeys, out, first, check } = await withKey();
  const killed = await mcpKeys(["rotate", "ci", "--to", command], { env: { OUT: out }, onStderr: killWhenReady });
  expect(killed.signal).toBe("SIGKILL");
  expect(await check(first)).toBe(0);
  if (taken) expect(await check(readFileSync(out, "utf8"))).toBe(0);

  const again = await mcpKeys(["rotate", "ci", "--to", `cat > "$OUT".2`], { env: { OUT: out } });
  expect(again.status).toBe(0);
  expect(await check(first)).toBe(0);
  expect(await check(readFileSync(`${out}.2`, "utf8"))).toBe(0);
  if (taken) expect(await check(readFileSync(out, "utf8"))).toBe(0);
  const { key } = JSON.parse((await mcpKeys(["show", "ci", "--json"])).stdout);
  expect(key.versions.map(({ state }: { state: string }) => state)).toEqual(["retiring", "retiring", "current"]);
});

test("killed while a key is issued: rotate completes the key", async () => {
  const { mcpKeys, out, check } = await withKey();
  const killed = await mcpKeys(["generate", "other", "--to", `cat > "$OUT"; ${READY}`], {
    env: { OUT: out },
    onStderr: killWhenReady,
  });
  expect(killed.signal).toBe("SIGKILL");
  expect(await check(readFileSync(out, "utf8"))).toBe(0);
  const again = await mcpKeys(["generate", "other"]);
  expect(again.status).toBe(5);
  expect(again.stderr).toContain("hint: an earlier run did not finish; finish it with: mcp-keys rotate other");
  const completed = await mcpKeys(["rotate", "other"]);
  expect(await check(completed.stdout)).toBe(0);
});

test("Ctrl-C during the delivery exits with 130 and keeps the old token valid", async () => {
  const { mcpKeys, first, check } = await withKey();
  const interrupted = await mcpKeys(["rotate", "ci", "--to", "echo ready >&2; sleep 30"], {
    onStderr: (text, kill) => {
      if (text.includes("ready")) kill("SIGINT");
    },
  });
  expect(interrupted.status).toBe(130);
  expect(await check(first)).toBe(0);
});

test("SIGTERM exits with 143", async () => {
  const { mcpKeys } = await withKey();
  let sent = 0;
  const ended = mcpKeys(["rotate", "ci", "--to", "echo ready >&2; exec sleep 30"], {
    onStderr: (_, kill) => {
      sent = performance.now();
      kill("SIGTERM");
    },
  });
  expect((await ended).status).toBe(143);
  expect(performance.now() - sent).toBeLessThan(2_000);
});
