import { rmSync, statSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { BIN, createProcesses, runProcess } from "./process.ts";

test.skipIf(process.platform === "win32")(
  "a token is printed only if it works, at every limit of the file size",
  async () => {
    const { dir, file, env, mcpKeys } = createProcesses();
    onTestFinished(() => rmSync(dir, { recursive: true }));
    expect((await mcpKeys(["generate", "first"])).status).toBe(0);
    const limited = (kib: number, name: string) =>
      runProcess("bash", ["-c", `ulimit -f ${kib}; exec "$0" "$@"`, process.execPath, BIN, "generate", name], { env });
    const seen = new Set<string>();
    const start = Math.floor(statSync(file).size / 1024);
    for (const kib of [start, start + 1, start + 2, start + 5]) {
      const { status, stdout, stderr } = await limited(kib, `key-${String(kib)}`);
      expect([0, 6]).toContain(status);
      if (stdout !== "") expect((await mcpKeys(["check"], { stdin: stdout })).status).toBe(0);
      if (status === 6) expect(stderr).toMatch(stdout === "" ? /not saved/ : /the token was delivered and works/);
      seen.add(`${String(status)} ${stdout === "" ? "silent" : "printed"}`);
    }
    expect(seen).toContain("6 silent");
    expect(seen).toContain("0 printed");
  },
);
