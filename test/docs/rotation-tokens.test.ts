import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createMachines, installScripts } from "../e2e/machines.ts";

/** Where the list is in each form of `tokens.sh`. */
const FORMS = [
  {
    form: "a file on the server",
    file: "server/etc/mcp/tokens.env",
    script: "server/etc/mcp/tokens.sh",
    isCluster: false,
  },
  { form: "a Secret of a cluster", file: "cluster/secret/mcp-server", script: "store/tokens.sh", isCluster: true },
];

describe.each(FORMS)("tokens.sh with $form", ({ file, script, isCluster }) => {
  /** Runs `tokens.sh` on a list, and returns the list afterwards. */
  async function change(before: string, call: string, stdin: string) {
    const { world, run, argumentsSoFar } = createMachines();
    // No supervisor here: `restart` of the page waits for one.
    mkdirSync(join(world, "restart"));
    installScripts(world, "C", (text) => text.replace(/^restart\(\).*/m, "restart() { echo restarted; }"), isCluster);
    writeFileSync(join(world, file), before);
    const { status, stdout } = await run("sh", [join(world, script), call], { stdin });
    expect(isCluster ? argumentsSoFar() : "").not.toMatch(/t-\w/);
    return {
      status,
      stdout,
      after: readFileSync(join(world, file), "utf8"),
      mode: statSync(join(world, file)).mode & 0o777,
    };
  }
  const list = (tokens: string, old = "") => `MCP_API_KEYS=${tokens}\nOLD_TOKEN=${old}\n`;

  test.each([
    ["", "t-1", list("t-1")],
    [list("t-1"), "t-2", list("t-2,t-1", "t-1")],
    // A run that failed left t-2 in the list. t-1 is what clients still have.
    [list("t-2,t-1", "t-1"), "t-3", list("t-3,t-2,t-1", "t-1")],
    [list("t-3", "t-1"), "t-4", list("t-4,t-3", "t-3")],
  ])("`add` to %j: %s comes first, and the others keep working", async (before, token, after) => {
    const changed = await change(before, "add", token);
    expect(changed).toMatchObject({ status: 0, stdout: "restarted\n", after });
    if (!isCluster) expect(changed.mode).toBe(0o600);
  });

  test("`only` drops the other tokens, and does nothing if there is no other", async () => {
    const before = list("t-3,t-2,t-1", "t-1");
    expect(await change(before, "only", "t-3")).toMatchObject({
      status: 0,
      stdout: "restarted\n",
      after: list("t-3", "t-1"),
    });
    expect(await change(list("t-3", "t-1"), "only", "t-3")).toMatchObject({
      status: 0,
      stdout: "",
      after: list("t-3", "t-1"),
    });
  });

  test.each(["t-4", "t", ""])("`only` refuses %j, which is not in the list, and changes nothing", async (token) => {
    const before = list("t-3,t-2", "t-2");
    expect(await change(before, "only", token)).toMatchObject({ status: 1, stdout: "", after: before });
  });

  test("`add` refuses an empty token, and `old` prints the old one", async () => {
    expect(await change(list("t-1"), "add", "")).toMatchObject({ status: 1, stdout: "", after: list("t-1") });
    expect(await change(list("t-2,t-1", "t-1"), "old", "")).toMatchObject({ status: 0, stdout: "t-1\n" });
  });
});
