import { readdir, readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { inspectKeychain } from "../../../src/stores/keychain/inspect.ts";
import { runProcess, BIN } from "../../e2e/process.ts";
import type { Ended } from "../../e2e/process.ts";
import { CTRL_C, openTerminal } from "../../e2e/pty.ts";
import { TORTURE } from "../place.ts";
import { aSecretService, ENGINES, needSecretService, openOn } from "./service.ts";
import type { SecretService } from "./service.ts";

describe.each(ENGINES)("$spec", ({ spec, engine }) => {
  needSecretService();

  const start = async () => {
    const service = await aSecretService("unlocked");
    const env = { ...service.env, MCP_KEYS_STORE: spec, TERM: "xterm" };
    const mcpKeys = (line: string, stdin = "", more: Record<string, string> = {}): Promise<Ended> =>
      runProcess(process.execPath, [BIN, ...line.split(" ")], { env: { ...env, ...more }, stdin });
    return { service, env, mcpKeys };
  };

  test("a key is issued, checked, rotated and revoked", async () => {
    const { mcpKeys } = await start();
    const first = await mcpKeys("generate ci");
    expect(first).toMatchObject({ status: 0, stdout: expect.stringMatching(/^mcp_\w+\n$/) });
    expect(await mcpKeys("check", first.stdout)).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^valid ci/),
    });
    const second = await mcpKeys("rotate ci --overlap 1h");
    for (const { stdout } of [first, second]) expect(await mcpKeys("check", stdout)).toMatchObject({ status: 0 });
    expect(await mcpKeys("revoke ci --yes")).toMatchObject({
      status: 0,
      stderr: expect.stringContaining("revoked ci"),
    });
    for (const { stdout } of [first, second]) {
      expect(await mcpKeys("check", stdout)).toMatchObject({ status: 4, stdout: expect.stringMatching(/^refused/) });
    }
  });

  test.each(TORTURE ? [50, 200] : [50])(
    "%i processes that issue a key at once: all that is acknowledged is there",
    async (count) => {
      const { service, mcpKeys } = await start();
      const runs = await Promise.all(Array.from({ length: count }, (_, n) => mcpKeys(`generate key-${n}`)));
      const issued = runs.filter(({ status }) => status === 0);
      const failed = runs.filter(({ status }) => status !== 0);
      for (const { status, stdout, stderr } of failed) {
        expect({ status, stdout, stderr }).toEqual({
          status: 6,
          stdout: "",
          stderr: expect.stringContaining("error: "),
        });
      }
      if (count <= 50) expect(failed).toEqual([]);
      const store = await openOn(service, spec, { attended: true });
      const { keys } = await store.snapshot();
      const { missing } = await inspectKeychain(engine, { ...service.world, attended: true });
      if (TORTURE) console.log(`${spec} ${count} processes: ${issued.length} issued, ${failed.length} failed`);
      expect(missing).toEqual([]);
      expect(keys.filter(({ versions }) => versions[0]!.state === "current")).toHaveLength(issued.length);
      for (const { stdout } of issued.slice(0, 5)) {
        expect(await mcpKeys("check", stdout)).toMatchObject({ status: 0 });
      }
    },
    180_000,
  );

  test("a keychain that hangs is exit 6 in time, with its mend; Ctrl-C is not waited for", async () => {
    const { service, env, mcpKeys } = await start();
    const { stdout: token } = await mcpKeys("generate ci");
    process.kill(await service.pid(), "SIGSTOP");
    const at = performance.now();
    const ended = await mcpKeys("check --json", token);
    expect(performance.now() - at).toBeLessThan(3_000 + 3_000);
    expect(ended).toMatchObject({ status: 6, stdout: "" });
    expect(JSON.parse(ended.stderr)).toMatchObject({ error: { code: "STORE_UNAVAILABLE", hint: expect.any(String) } });

    const terminal = openTerminal("mcp-keys generate other", env);
    await terminal.shows("waiting for the keychain");
    const [pid] = await childrenIn(service);
    const typed = performance.now();
    terminal.type(CTRL_C);
    expect(await terminal.ended).toBe(130);
    // 100 ms, and a machine that does ten other things.
    expect(performance.now() - typed).toBeLessThan(1_000);
    expect(pid).toBeDefined();
    expect(await childrenIn(service)).toEqual([]);
  });

  test("what asks the keychain sees no token and no pepper, and ends with whoever started it", async () => {
    const { service, env, mcpKeys } = await start();
    const { stdout: token } = await mcpKeys("generate ci");
    process.kill(await service.pid(), "SIGSTOP");
    const secret = { MCP_API_KEY: token.trim(), MCP_KEYS_PEPPER: `p1:${"pepper".repeat(8)}` };
    const terminal = openTerminal("mcp-keys check < /dev/null", { ...env, ...secret });
    const [pid] = await until(
      () => childrenIn(service),
      (pids) => pids.length > 0,
    );
    const seen = (await readFile(`/proc/${pid}/environ`, "utf8")) + (await readFile(`/proc/${pid}/cmdline`, "utf8"));
    expect(seen).toContain("DBUS_SESSION_BUS_ADDRESS");
    expect(seen).not.toContain(token.trim());
    expect(seen).not.toContain("pepper");
    expect(seen).not.toMatch(/[0-9a-f]{64}/);
    const parent = /PPid:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, "utf8"))![1];
    process.kill(Number(parent), "SIGKILL");
    await terminal.ended;
    await until(
      () => childrenIn(service),
      (pids) => pids.length === 0,
    );
  });
});

/** The processes that ask this keychain, by what they were started with. */
async function childrenIn({ env }: SecretService): Promise<string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const [command, variables] = await Promise.all(
        ["cmdline", "environ"].map((file) => readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "")),
      );
      return command!.includes("keychain/child.cjs") && variables!.includes(`HOME=${env["HOME"]!}\0`) ? [pid] : [];
    }),
  );
  return found.flat();
}

async function until<T>(look: () => Promise<T>, is: (seen: T) => boolean): Promise<T> {
  for (let tries = 0; tries < 500; tries++) {
    const seen = await look();
    if (is(seen)) return seen;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("it did not come to that");
}
