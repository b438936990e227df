import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createProcesses } from "./process.ts";

// A signal should arrive while the file is parsed.
const HISTORY = JSON.stringify(Array.from({ length: 60_000 }, (_, i) => `${i} ${"x".repeat(60)}`));
const BEFORE = `{\n  // mine\n  "history": ${HISTORY},\n  "mcpServers": {\n    "a": {}\n  }\n}\n`;

/** A file of a client with megabytes of other settings, and the command that adds a server to it. */
function createFile(text: string) {
  const { dir, mcpKeys } = createProcesses();
  const file = join(dir, "mcp.json");
  writeFileSync(file, text);
  const install = (name: string, options: Parameters<typeof mcpKeys>[1] = {}) => {
    const flags = ["--for", "cursor", "--url", "https://mcp.example.com/mcp", "--server-name", name];
    return mcpKeys(["export", ...flags, "--install", file], options);
  };
  return { dir, file, install };
}

test("eight processes add their servers to one file, and nothing is lost", async () => {
  const { dir, file, install } = createFile('{\n  // mine\n  "mcpServers": {\n    "a": {}\n  }\n}\n');
  const names = Array.from({ length: 8 }, (_, i) => `s${i}`);
  const ran = await Promise.all(names.map((name) => install(name)));
  expect(ran.map(({ status, stderr }) => (status === 0 ? 0 : stderr))).toEqual(names.map(() => 0));
  const text = readFileSync(file, "utf8");
  const { mcpServers } = JSON.parse(text.replace("// mine", "")) as { mcpServers: object };
  expect(Object.keys(mcpServers).sort()).toEqual(["a", ...names].sort());
  expect(text).toContain("  // mine\n");
  expect(readdirSync(dir).sort()).toEqual(["mcp.json", "mcp.json.mcp-keys.bak"]);
});

describe.concurrent("--install that is interrupted", () => {
  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("leaves the old file or the new one after %s, and no temporary file", async (signal, interrupted) => {
    const whole = createFile(BEFORE);
    const began = performance.now();
    expect((await whole.install("notes")).status).toBe(0);
    const took = performance.now() - began;
    const after = readFileSync(whole.file, "utf8");
    const seen = new Set<number | null>();
    for (let round = 0; round < 6; round++) {
      const { dir, file, install } = createFile(BEFORE);
      const delay = took * (0.3 + round * 0.1);
      const { status, signal: by } = await install("notes", {
        onStart: (kill) => void setTimeout(() => kill(signal), delay),
      });
      // Before the command has started, the signal ends the process itself.
      seen.add(by === signal ? interrupted : status);
      const text = readFileSync(file, "utf8");
      expect([BEFORE, after].includes(text), `after ${delay} ms`).toBe(true);
      if (status === 0) expect(text).toBe(after);
      if (text === after) expect(readFileSync(`${file}.mcp-keys.bak`, "utf8")).toBe(BEFORE);
      expect(readdirSync(dir).filter((name) => !/^mcp\.json(\.mcp-keys\.bak)?$/.test(name))).toEqual([]);
    }
    expect([...seen].filter((status) => status !== 0 && status !== interrupted)).toEqual([]);
    expect(seen).toContain(interrupted);
  });
});
