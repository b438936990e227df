import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Ended } from "../e2e/process.ts";
import { aFolder } from "../stores/place.ts";
import { aSecretService, needSecretService } from "../stores/keychain/service.ts";
import { NPM_11, NPM_12, pack, Project, reach } from "./npm.ts";

const INSTALLATIONS = [
  ["npm 11", NPM_11, []],
  ["npm 12", NPM_12, []],
  ["npm 11 --ignore-scripts", NPM_11, ["--ignore-scripts"]],
  ["npm 12 --ignore-scripts", NPM_12, ["--ignore-scripts"]],
] as const;

let folder: string;
let tarball: string;
let settings: Record<string, string>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mcp-keys-install-"));
  [tarball, settings] = await Promise.all([pack(folder), reach()]);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("the installed package", () => {
  needSecretService();

  test.each(INSTALLATIONS)("installs with %s without warnings, and its keychain works", async (_name, npm, options) => {
    const project = await Project.create(npm, settings);
    const installed = await project.npm("install", ...options, tarball);
    expect(installed).toMatchObject({ status: 0 });
    expect(warningsOf(installed)).toEqual([]);

    const { env, dataDir } = await aSecretService("unlocked");
    const keychain = (args: readonly string[], stdin = "") =>
      project.mcpKeys([...args, "--store", "keychain:"], { env, stdin });
    const issued = await keychain(["generate", "ci"]);
    expect(issued).toMatchObject({ status: 0, stdout: expect.stringMatching(/^mcp_\w+\n$/) });
    expect(await keychain(["check"], issued.stdout)).toMatchObject({ status: 0 });
    const journal = await readFile(join(dataDir, "keychain.jsonl"), "utf8");
    expect(journal).toContain('"digest":"kept:');
    expect(journal).not.toContain("sha256:");

    expect(await keychain(["revoke", "ci", "--yes"])).toMatchObject({ status: 0 });
    expect(await keychain(["check"], issued.stdout)).toMatchObject({ status: 4 });
  });
});

test.each([
  ["npm 11", NPM_11],
  ["npm 12", NPM_12],
])(
  "without optional packages (%s), file stores work, and the error for a keychain store has a working fix",
  async (_name, npm) => {
    const project = await Project.create(npm, settings);
    const installed = await project.npm("install", "--omit=optional", tarball);
    expect(installed).toMatchObject({ status: 0 });
    expect(warningsOf(installed)).toEqual([]);

    const file = ["--store", `file:${join(await aFolder(), "keys.jsonl")}`];
    const issued = await project.mcpKeys(["generate", "ci", ...file]);
    expect(issued).toMatchObject({ status: 0 });
    expect(await project.mcpKeys(["check", ...file], { stdin: issued.stdout })).toMatchObject({ status: 0 });
    const rotated = await project.mcpKeys(["rotate", "ci", ...file]);
    expect(rotated).toMatchObject({ status: 0 });
    expect(await project.mcpKeys(["check", ...file], { stdin: rotated.stdout })).toMatchObject({ status: 0 });
    expect(await project.mcpKeys(["list", ...file])).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("ci"),
    });
    expect(await project.mcpKeys(["revoke", "ci", "--yes", ...file])).toMatchObject({ status: 0 });
    expect(await project.mcpKeys(["check", ...file], { stdin: rotated.stdout })).toMatchObject({ status: 4 });

    const generate = () => project.mcpKeys(["generate", "ci", "--store", "keychain:"]);
    const refused = await generate();
    const missing = "@napi-rs/keyring is not installed";
    expect(refused).toMatchObject({ status: 6, stdout: "", stderr: expect.stringContaining(missing) });
    const fix = /npm (install \S+)/.exec(refused.stderr)?.[1]?.split(" ") ?? [];
    expect(await project.npm(...fix)).toMatchObject({ status: 0 });
    expect((await generate()).stderr).not.toContain(missing);
  },
);

test.each([
  ["npm 11", NPM_11],
  ["npm 12", NPM_12],
])("%s warns about install scripts, so the tests above would notice a warning", async (_name, npm) => {
  const project = await Project.create(npm, settings);
  const other = join(await aFolder(), "other");
  await mkdir(other);
  const manifest = { name: "other", version: "1.0.0", scripts: { install: "node -e 0" } };
  await writeFile(join(other, "package.json"), JSON.stringify(manifest));
  const installed = await project.npm("install", "--install-links", other);
  expect(installed).toMatchObject({ status: 0 });
  expect(warningsOf(installed)).toEqual(expect.arrayContaining([expect.stringContaining("install-scripts")]));
});

function warningsOf({ stdout, stderr }: Ended): string[] {
  return `${stdout}\n${stderr}`.split("\n").filter((line) => /\bwarn/i.test(line));
}
