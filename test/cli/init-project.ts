import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createCli, type FakeOptions } from "./fake-world.ts";

/** They answer all questions. */
export const FLAGS = ["--framework", "express", "--name", "laptop", "--client", "claude-code"];

/** A project in a new folder, and `init` on it. */
export function createProject(manifest: object | null = { name: "notes", dependencies: { express: "5.0.0" } }) {
  const { cli, dir, file } = createCli();
  const folder = mkdtempSync(join(tmpdir(), "mcp-keys-init-"));
  if (manifest !== null) writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  const home = join(dir, "home");
  const init = (flags: readonly string[], { env, ...options }: FakeOptions = {}) =>
    cli(["init", folder, ...flags], { ...options, env: { HOME: home, PATH: process.env["PATH"]!, ...env } });
  const read = (name: string) => readFileSync(join(folder, name), "utf8");
  const git = (...args: string[]) => execFileSync("git", ["-C", folder, ...args], { stdio: "pipe" });
  return { cli, init, read, git, folder, file, files: () => readdirSync(folder).sort() };
}
