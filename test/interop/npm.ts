import { mkdir, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { aFolder } from "../stores/place.ts";
import { runProcess } from "../e2e/process.ts";
import type { Ended, ProcessOptions } from "../e2e/process.ts";
import { NODE } from "./programs.ts";

/** An npm from this folder, with a Node that it supports. */
export interface Npm {
  readonly program: "npm-11" | "npm-12";
  readonly node: string;
}

export const NPM_11: Npm = { program: "npm-11", node: process.execPath };
export const NPM_12: Npm = { program: "npm-12", node: NODE };

const ROOT = join(import.meta.dirname, "../..");
/** Settings for reaching the registry. All other npm settings of this machine are dropped. */
const KEPT = ["cache", "cafile", "https-proxy", "noproxy", "proxy", "registry", "strict-ssl"];

/** Returns the registry settings of the running npm as environment variables, with its cache. */
export async function reach(): Promise<Record<string, string>> {
  const args = [cli(NPM_11, "npm"), "config", "ls", "--json", "--loglevel=error"];
  const { stdout } = await runProcess(NPM_11.node, args, { env: process.env });
  const settings = new Map(Object.entries(JSON.parse(stdout) as Record<string, unknown>));
  const env: Record<string, string> = {
    npm_config_prefer_offline: "true",
    npm_config_update_notifier: "false",
    npm_config_audit: "false",
  };
  for (const [name, value] of Object.entries(process.env)) {
    if (/^(https?|no)_proxy$/i.test(name) && value !== undefined) env[name] = value;
  }
  for (const name of KEPT) {
    const value = settings.get(name);
    if (typeof value === "string" || typeof value === "boolean")
      env[`npm_config_${name.replaceAll("-", "_")}`] = `${value}`;
  }
  return env;
}

/** Packs the built package as it would be published. */
export async function pack(folder: string): Promise<string> {
  const args = [cli(NPM_11, "npm"), "pack", "--json", "--ignore-scripts", "--pack-destination", folder];
  const { stdout } = await runProcess(NPM_11.node, args, { cwd: ROOT, env: process.env });
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  return join(folder, filename);
}

/** A new project, with an empty home folder. */
export class Project {
  readonly #npm: Npm;
  readonly #folder: string;
  readonly #env: Record<string, string>;

  private constructor(npm: Npm, folder: string, env: Record<string, string>) {
    this.#npm = npm;
    this.#folder = folder;
    this.#env = env;
  }

  static async create(npm: Npm, settings: Record<string, string>): Promise<Project> {
    const home = await aFolder();
    const folder = join(home, "project");
    await mkdir(folder);
    await writeFile(join(folder, "package.json"), '{"private":true}');
    const path = [dirname(npm.node), process.env["PATH"] ?? ""].join(delimiter);
    const config = { npm_config_globalconfig: join(home, "npmrc") };
    return new Project(npm, folder, { HOME: home, USERPROFILE: home, ...settings, ...config, PATH: path });
  }

  npm(...args: readonly string[]): Promise<Ended> {
    return this.#run("npm", args, {});
  }

  /** Runs the installed command; npx may not fetch another one. */
  mcpKeys(args: readonly string[], options: ProcessOptions = {}): Promise<Ended> {
    return this.#run("npx", ["--no", "mcp-keys", ...args], options);
  }

  #run(program: "npm" | "npx", args: readonly string[], options: ProcessOptions): Promise<Ended> {
    return runProcess(this.#npm.node, [cli(this.#npm, program), ...args], {
      ...options,
      cwd: this.#folder,
      env: { ...this.#env, ...options.env, PATH: this.#env["PATH"] },
    });
  }
}

function cli({ program }: Npm, command: "npm" | "npx"): string {
  return join(import.meta.dirname, "node_modules", program, "bin", `${command}-cli.js`);
}
