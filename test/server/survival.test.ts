import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { build } from "esbuild";
import { expect, onTestFinished, test } from "vitest";

test("no hook, handler, store or client ends the process of a server", { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "mcp-keys-survival-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const script = join(folder, "server.mjs");
  const banner = {
    js: 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);',
  };
  const entryPoints = [join(import.meta.dirname, "survival.main.ts")];
  await build({ entryPoints, outfile: script, bundle: true, platform: "node", format: "esm", banner });
  const child = spawn(process.execPath, ["--unhandled-rejections=strict", script], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  const [status] = (await once(child, "exit")) as [number];
  const [stdout, stderr] = await output;
  const lines = stdout.trim().split("\n");
  expect({ status, stderr, last: lines.at(-1) }).toEqual({
    status: 0,
    stderr: "",
    last: '["process","end","reached"]',
  });
  const results = Object.fromEntries(
    lines.map((line) => JSON.parse(line) as [string, string, unknown]).map(([a, b, c]) => [`${a}: ${b}`, c]),
  );
  expect(lines).toHaveLength(45);
  for (const hook of ["thrown", "rejected", "never"]) {
    expect([results[`hooks: ${hook}`], results[`hooks: ${hook}, refused`]]).toEqual([200, false]);
  }
  expect([results["store: throws in every callback"], results["clock: throws"]]).toEqual([true, 503]);
  for (const tools of ["", " with toolScopes"]) {
    const of = (adapter: string, fault: string) => results[`${adapter}${tools}: ${fault}`];
    for (const fault of ["throws", "rejects"]) {
      expect([of("node:http", fault), of("express", fault)]).toEqual([500, 555]);
    }
    expect([of("node:http", "next takes an error"), of("node:http", "no next")]).toEqual([555, 500]);
    expect(of("node:http", "answered before")).toBe(504);
    for (const fault of ["thrown", "rejected"]) {
      expect([of("fastify", fault), of("fetch", fault)]).toEqual([555, `Error: ${fault}`]);
    }
  }
});
