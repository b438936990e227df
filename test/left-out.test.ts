import { execFile } from "node:child_process";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..");
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mcp-keys-left-out-"));
  await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"), "junction");
  const reporter = JSON.stringify(join(ROOT, "test/left-out.ts"));
  await writeFile(
    join(folder, "vitest.config.ts"),
    `import { reportLeftOut } from ${reporter};
     export default { test: { reporters: [reportLeftOut(Boolean(process.env.STRICT)), "default"] } };`,
  );
  const start = `import { test } from "vitest"; test("runs", () => {});`;
  await writeFile(join(folder, "whole.test.ts"), start);
  await writeFile(join(folder, "part.test.ts"), `${start} test("asks fish", (ctx) => { ctx.skip("needs fish"); });`);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each([
  { file: "part", strict: "", status: 0, says: ["1 skipped:", "part.test.ts > asks fish [needs fish]"] },
  { file: "part", strict: "1", status: 1, says: ["asks fish [needs fish]", "the run fails"] },
  { file: "whole", strict: "1", status: 0, says: [] },
])("exits with $status for the $file file, strict: '$strict'", async ({ file, strict, status, says }) => {
  const { code, output } = await vitest(file, strict);
  expect({ code, output }).toMatchObject({ code: status });
  for (const words of says) expect(output).toContain(words);
  expect(output.includes(" skipped:")).toBe(says.length > 0);
});

async function vitest(file: string, strict: string): Promise<{ code: number; output: string }> {
  const args = [join(ROOT, "node_modules/vitest/vitest.mjs"), "run", "--root", folder, file];
  const env = { ...process.env, STRICT: strict };
  return new Promise((resolve) => {
    execFile(process.execPath, args, { env }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr });
    });
  });
}
