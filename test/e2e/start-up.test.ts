import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { commands } from "../../src/cli/commands/index.ts";
import { splitWords } from "../cli/fake-world.ts";
import { BIN, createProcesses, runProcess } from "./process.ts";

const { dir, mcpKeys } = createProcesses();
const recorder = join(dir, "recorder.cjs");
let runs = 0;
let token = "";

beforeAll(async () => {
  writeFileSync(
    recorder,
    `const fs = require("node:fs");
     const { readFileSync } = fs;
     const files = [];
     fs.readFileSync = (path, ...options) => {
       if (/chunks.*\\.c?js$|main\\.cjs$/.test(path)) files.push(path);
       return readFileSync(path, ...options);
     };
     process.on("exit", () => {
       const builtIn = process.moduleLoadList.filter((name) => name.startsWith("NativeModule "));
       fs.writeFileSync(process.env.RECORD, JSON.stringify({ files, builtIn }));
     });`,
  );
  token = (await mcpKeys(["generate", "ci"])).stdout;
});

/** Runs a command, and returns the names of our files and of the built-in modules that it loaded. */
async function loadedBy(line: string): Promise<{ files: string[]; builtIn: string[] }> {
  const record = join(dir, `record-${String(runs++)}.json`);
  const env = { RECORD: record, NODE_OPTIONS: `--require ${recorder}` };
  const stdin = line.startsWith("completion") ? "disable\nc" : token;
  const { stderr } = await mcpKeys(splitWords(line), { env, stdin });
  expect(stderr).not.toContain("error:");
  const { files, builtIn } = JSON.parse(readFileSync(record, "utf8")) as { files: string[]; builtIn: string[] };
  return {
    files: [...new Set(files.map((path) => path.replace(/^.*[\\/]/, "").replace(/(-[0-9a-f]{8})?\.c?js$/, "")))].sort(),
    builtIn: builtIn.map((name) => name.replace("NativeModule ", "")),
  };
}

test.concurrent.each([
  ["--version", []],
  ["--help", []],
  ["list", ["file-store", "list"]],
  ["list --json", ["file-store", "list"]],
  ["show ci", ["file-store", "keys", "show"]],
  ["audit", ["audit", "file-store"]],
  ["check", ["check", "file-store", "keys"]],
  ["generate second", ["file-store", "generate", "keys"]],
  ["rotate ci", ["file-store", "generate", "keys", "rotate"]],
  ["completion bash --complete", ["completion", "disable"]],
])("`%s` loads only the files that it needs", async (line, files) => {
  const loaded = await loadedBy(line);
  expect(loaded.files).toEqual(["common", "core", "main", ...files].sort());
  for (const costly of ["http", "child_process", "fs/promises", "zlib", "internal/crypto/webcrypto"]) {
    expect(loaded.builtIn).not.toContain(costly);
  }
});

/** Commands that cannot run without these files, whose help loads them too. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  enable: ["disable"],
  export: ["generate"],
  import: ["generate"],
  rotate: ["generate", "keys"],
  show: ["keys"],
  store: ["file-store"],
  update: ["keys"],
};

test.concurrent.each(Object.keys(commands))(
  "%s: the help loads nothing that the command does not need",
  async (name) => {
    const { files } = await loadedBy(`${name} --help`);
    const own = ["common", "core", "main", name, ...(NEEDED[name] ?? [])];
    expect(files.filter((file) => !own.includes(file))).toEqual([]);
  },
);

test("`verify` of an address loads neither TLS nor DNS", async () => {
  const { files, builtIn } = await loadedBy("verify http://127.0.0.1:1/mcp");
  expect(files).toEqual(["common", "core", "main", "verify"]);
  expect(builtIn.filter((name) => /^(https|tls|dns|zlib|child_process|fs\/promises)$/.test(name))).toEqual([]);
});

test("--version, --help and completion use no cryptography", async () => {
  for (const line of ["--version", "--help", "completion bash --complete"]) {
    const { builtIn } = await loadedBy(line);
    expect(builtIn.filter((name) => /^(crypto|fs\/promises)$/.test(name))).toEqual([]);
  }
});

test.skipIf(process.platform === "win32")("waits for the reader of a full pipe, and loses nothing", async () => {
  const script = `(head -c 65536 /dev/zero; exec "$0" "$1" --help) | (sleep 0.5; tr -d '\\000')`;
  const { stdout } = await runProcess("sh", ["-c", script, process.execPath, BIN], {
    env: { PATH: process.env["PATH"] },
  });
  expect(stdout).toBe((await mcpKeys(["--help"])).stdout);
});
