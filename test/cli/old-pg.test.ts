import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");

/** Like `pg` before 8.15: a class instance, in which Node finds no named exports. */
const OLD_PG = `const { Client, Pool } = require(${JSON.stringify(createRequire(import.meta.url).resolve("pg"))});
class PG { constructor() { this.Client = Client; this.Pool = Pool; } }
module.exports = new PG();`;

test("works with the oldest pg of the peer range, which has no named exports", async () => {
  const folder = await mkdtemp(join(tmpdir(), "mcp-keys-pg-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const name of ["bin", "dist", "package.json"])
    await cp(join(ROOT, name), join(folder, name), { recursive: true });
  await mkdir(join(folder, "node_modules/pg"), { recursive: true });
  await writeFile(join(folder, "node_modules/pg/index.js"), OLD_PG);
  const stderr = await new Promise<string>((resolve) => {
    // Nothing listens on port 1.
    const args = [join(folder, "bin/mcp-keys.js"), "list", "--store", "postgres://nobody@127.0.0.1:1/none"];
    execFile(process.execPath, args, (_fault, _stdout, text) => resolve(text));
  });
  expect(stderr).toContain("cannot be reached: ECONNREFUSED");
});
