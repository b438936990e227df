import { chmodSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { onTestFinished } from "vitest";
import { readRotationFiles, rotationFile, withLines } from "../docs/rotation-page.ts";
import { BIN, runProcess, type Ended, type ProcessOptions } from "./process.ts";

/** Programs that act on folders instead of machines, and write their arguments to `$WORLD/arguments`. */
const STAND_INS = join(import.meta.dirname, "stand-ins");

/** The machines of a test, one folder each, and the secrets that `vault` received. */
export interface Machines {
  readonly world: string;
  /** Path of the journal on the machine `store`. */
  readonly journal: string;
  /** Runs a program on the machine `store`, which has a home of its own. */
  run(program: string, args: readonly string[], options?: ProcessOptions): Promise<Ended>;
  /** Returns the token that clients find. */
  secret(): string;
  /** Returns the arguments of all programs that ran, one call a line. */
  argumentsSoFar(): string;
}

const CLI = `exec "${process.execPath}" "${BIN}" "$@"`;

/**
 * Creates the machines `store` and `server`. Their folders are removed at the end of the test.
 * @param mcpKeys - what `mcp-keys` does, in sh; by default it is the built CLI
 */
export function createMachines(mcpKeys = CLI): Machines {
  const world = realpathSync(mkdtempSync(join(tmpdir(), "mcp-keys-machines-")));
  onTestFinished(() => rmSync(world, { recursive: true, force: true }));
  for (const folder of [
    "bin",
    "store/keys",
    "server/etc/mcp",
    "server/var/lib/mcp",
    "vault",
    "cluster/secret",
    "cluster/configmap",
  ])
    mkdirSync(join(world, folder), { recursive: true });
  const program = join(world, "bin/mcp-keys");
  writeFileSync(program, `#!/bin/sh\necho "mcp-keys $*" >>"$WORLD/arguments"\n${mcpKeys}\n`);
  chmodSync(program, 0o755);
  const journal = join(world, "store/keys/keys.jsonl");
  const env = {
    PATH: `${STAND_INS}:${join(world, "bin")}:${process.env["PATH"] ?? ""}`,
    WORLD: world,
    HOME: join(world, "store"),
    MCP_KEYS_STORE: `file:${journal}`,
    CI: "true",
  };
  return {
    ...{ world, journal },
    run: (program, args, options = {}) =>
      runProcess(program, args, { cwd: env.HOME, ...options, env: { ...env, ...options.env } }),
    secret: () => readFileSync(join(world, "vault/mcp/ci"), "utf8"),
    argumentsSoFar: () => readFileSync(join(world, "arguments"), "utf8"),
  };
}

/** Returns a text of `docs/rotation.md` with the paths of a test in place of those of the machines. */
export function placeIn(world: string, text: string): string {
  return text
    .replaceAll("/etc/mcp-keys", () => join(world, "store"))
    .replaceAll("/var/lib/mcp-keys", () => join(world, "store/keys"))
    .replaceAll(/\/(etc|var\/lib)\/mcp(?![-\w])/g, (path) => join(world, "server", path));
}

/** Changes a script before it is saved. */
export type Adapt = (script: string) => string;

/**
 * Saves the scripts of a kind, as `docs/rotation.md` shows them, and creates the files that the page asks for.
 * @param isCluster - uses the lines for Kubernetes; then all scripts are on one machine
 */
export function installScripts(
  world: string,
  kind: string,
  adapt: Adapt = (script) => script,
  isCluster = false,
): void {
  for (const { name, text } of readRotationFiles().filter(({ section }) => section.startsWith(`${kind}:`))) {
    const script = isCluster ? withLines(text, rotationFile(name, "Kubernetes")) : text;
    const folder = name === "rotate.sh" || isCluster ? "store" : "server/etc/mcp";
    writeFileSync(join(world, folder, name), adapt(placeIn(world, script)));
  }
}

/** Bundles a server of `test/servers` and returns the path of the program. */
export async function buildServer(name: string, folder: string): Promise<string> {
  const outfile = join(folder, `${name}.mjs`);
  const entryPoints = [join(import.meta.dirname, "../servers", `${name}.main.ts`)];
  await build({ entryPoints, outfile, bundle: true, platform: "node", format: "esm", logLevel: "error" });
  return outfile;
}
