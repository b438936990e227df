import { spawn, spawnSync } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { damagedLine, journalOf, read, recordOf } from "../stores/journal/bytes.ts";
import { TORTURE } from "../stores/place.ts";
import { EXAMPLES } from "./example.ts";
import { createProcesses, runProcess } from "./process.ts";

const FOLDER = `${EXAMPLES}python`;
const VECTORS = fileURLToPath(new URL("../vectors/", import.meta.url));
/** Leaves no `__pycache__` in the example. */
const ENV = { PATH: process.env["PATH"], PYTHONDONTWRITEBYTECODE: "1", PYTHONPATH: FOLDER };

const isThere = spawnSync("python3", ["-c", "import sys; assert sys.version_info >= (3, 9)"]).status === 0;

test("python: the reader passes our vectors and fails on changed ones", async ({ skip }) => {
  if (!isThere) return skip("needs python3");
  const run = (vectors: string) =>
    runProcess("python3", ["-m", "unittest", "-q"], { cwd: FOLDER, env: { ...ENV, MCP_KEYS_VECTORS: vectors } });
  expect(await run(VECTORS)).toMatchObject({ status: 0, stderr: expect.stringMatching(/Ran \d\d tests[^]*\nOK\n$/) });

  const others = await mkdtemp(join(tmpdir(), "mcp-keys-vectors-"));
  onTestFinished(() => rm(others, { recursive: true, force: true }));
  await cp(VECTORS, others, { recursive: true });
  const journal = await readFile(join(others, "journal.json"), "utf8");
  await writeFile(join(others, "journal.json"), journal.replace('"damaged": 3', '"damaged": 2'));
  expect(await run(others)).toMatchObject({ status: 1, stderr: expect.stringContaining("FAILED (failures=1)") });
});

test("python: one process gives the same verdicts as `mcp-keys check` through the life of a key", async ({ skip }) => {
  if (!isThere) return skip("needs python3");
  const { mcpKeys, env } = createProcesses();
  const pepper = { MCP_KEYS_PEPPER: `p1:${"0123456789".repeat(4)}` };
  const tokens = ["another-format-0Zp3Kq8Lw1Xv6Bn4"];
  const python = startChecker({ ...ENV, MCP_KEYS_STORE: env.MCP_KEYS_STORE, ...pepper });

  const seen = new Set<string>();
  const step = async (args: readonly string[]): Promise<void> => {
    const { status, stdout, stderr } = await mcpKeys(args, { env: pepper });
    expect(status, stderr).toBe(0);
    if (/^[a-z]+_\S+\n$/.test(stdout)) tokens.push(stdout.trim());
    const ours = await Promise.all(tokens.map((token) => mcpKeys(["check", "--json"], { stdin: token, env: pepper })));
    for (const [i, { stdout: json }] of ours.entries()) {
      const { ok, reason, key, version } = JSON.parse(json);
      const verdict = {
        ok,
        ...(!ok && { reason }),
        ...(key && { key: { id: key.id, name: key.name }, version: version.n }),
      };
      expect({ args, i, ...(await python(tokens[i]!)) }).toEqual({ args, i, ...verdict });
      seen.add(reason ?? "valid");
    }
  };

  await step(["generate", "ci"]);
  await step(["generate", "laptop", "--expires", "1h"]);
  await step(["rotate", "ci"]);
  await step(["rotate", "ci", "--finish", "--force"]);
  await step(["disable", "laptop"]);
  await step(["revoke", "ci", "--yes"]);
  expect([...seen].sort()).toEqual(["disabled", "expired", "malformed", "revoked", "valid"]);
});

test("python: reads any bytes as our reader does, or reports the same damaged line", async ({ skip }) => {
  if (!isThere) return skip("needs python3");
  const journals = fc.sample(journal, TORTURE ? 5_000 : 300);
  const ours = journals.map((bytes) => ({
    bytes: bytes.toString("base64"),
    line: damagedLine(bytes),
    read: read(bytes),
  }));
  const script = `
import base64, json, sys
from mcp_keys_journal import Damaged, Journal, StoreError
for line in sys.stdin:
    found = None
    try:
        journal = Journal(base64.b64decode(line))
        found = {"names": [key["name"] for key in journal.keys.values()], "head": journal.head}
    except Damaged as damage:
        print(json.dumps({"line": damage.line, "read": "STORE_DAMAGED"}))
    except StoreError:
        print(json.dumps({"line": None, "read": "STORE_UNAVAILABLE"}))
    else:
        print(json.dumps({"line": None, "read": found}))
`;
  const stdin = ours.map(({ bytes }) => `${bytes}\n`).join("");
  const { status, stdout, stderr } = await runProcess("python3", ["-c", script], { env: ENV, stdin });
  expect(status, stderr).toBe(0);
  const theirs = stdout.trim().split("\n");
  expect(theirs.map((line, i) => ({ bytes: ours[i]!.bytes, ...JSON.parse(line) }))).toEqual(ours);
  // Make sure that both kinds occur.
  const damaged = ours.filter(({ line }) => line !== null).length;
  expect(damaged).toBeGreaterThan(20);
  expect(ours.length - damaged).toBeGreaterThan(20);
});

/** Starts a Python process that checks tokens, one after the other. */
function startChecker(env: Record<string, string | undefined>): (token: string) => Promise<object> {
  const child = spawn("python3", [`${FOLDER}/mcp_keys.py`], {
    env,
    stdio: ["pipe", "pipe", "inherit"],
    timeout: 60_000,
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return async (token) => {
    child.stdin.write(`${token}\n`);
    const { value } = await lines.next();
    return typeof value === "string" ? JSON.parse(value) : { ended: true };
  };
}

/** A journal with a competing line, then changed in up to three places. */
const journal = fc
  .record({
    count: fc.integer({ min: 1, max: 5 }),
    rival: fc.nat(5),
    edits: fc.array(
      fc.record({
        at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
        remove: fc.oneof(fc.constantFrom(0, 1), fc.nat(700)),
        insert: fc.constantFrom("", "\n", "\t", "\0", "\0\0", "x", "\n\n", "}", '"'),
      }),
      { maxLength: 3 },
    ),
    lines: fc.option(fc.tuple(fc.nat(5), fc.nat(5))),
  })
  .map(({ count, rival, edits, lines }) => {
    const { records, sums } = journalOf(count);
    if (rival < count) records.splice(rival + 2, 0, recordOf(9, rival + 1, sums[rival]!).bytes);
    if (lines !== null) records.splice(lines[1], 0, ...records.slice(lines[0], lines[0] + 1));
    let bytes = Buffer.concat(records);
    for (const { at, remove, insert } of edits) {
      const from = Math.floor(at * bytes.length);
      bytes = Buffer.concat([bytes.subarray(0, from), Buffer.from(insert), bytes.subarray(from + remove)]);
    }
    return bytes;
  });
