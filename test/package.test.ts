import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { promisify } from "node:util";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import manifest from "../package.json" with { type: "json" };

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, "..");
const KILOBYTE = 1000;

/** Everything that becomes part of ours. A new name here is a decision: its code runs where keys are. */
const BUNDLED = [
  "@inquirer/ansi",
  "@inquirer/core",
  "@inquirer/figures",
  "@inquirer/input",
  "@inquirer/password",
  "@inquirer/type",
  "chalk",
  "cli-width",
  "commander",
  "fast-string-truncated-width",
  "fast-string-width",
  "fast-wrap-ansi",
  "mute-stream",
  "nanoid",
  "signal-exit",
];

describe("the packed package", () => {
  let folder: string;
  let packed: { files: { path: string; size: number }[]; filename: string };
  const installed = (path: string) => join(folder, "package", path);

  /** These files of the bundle and all that they import. */
  function reachable(paths: readonly string[]): Set<string> {
    const found = new Set(paths);
    for (const path of found) {
      const text = readFileSync(installed(path), "utf8");
      for (const [, target] of text.matchAll(/"(\.\.?\/[\w./-]+\.c?js)"/g)) found.add(posix.join(path, "..", target!));
    }
    return found;
  }

  beforeAll(async () => {
    for (const file of ["dist/index.js", "dist/cli/main.cjs", "dist/types/index.d.ts"]) {
      if (!existsSync(join(ROOT, file))) throw new Error(`${file} is not there: npm run build`);
    }
    folder = await mkdtemp(join(tmpdir(), "mcp-keys-pack-"));
    const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder];
    const { stdout } = await run("npm", args, { cwd: ROOT, shell: process.platform === "win32" });
    packed = JSON.parse(stdout)[0];
    await run("tar", ["-xf", packed.filename], { cwd: folder });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("holds what runs and what is read, and nothing else", () => {
    const strangers = packed.files
      .map(({ path }) => path)
      .filter(
        (path) => !/^(bin\/|dist\/|docs\/|(README|CHANGELOG|LICENSE|SECURITY)(\.md)?$|package\.json$)/.test(path),
      );
    expect(strangers).toEqual([]);
    expect(packed.files.filter(({ path }) => /\.(map|tgz|jsonl|env|pem|key)$|(?<!\.d)\.ts$/.test(path))).toEqual([]);
  });

  test("is small", () => {
    // Chunks of earlier builds may lie about where somebody develops; `prepack` starts from nothing.
    const live = reachable(["dist/index.js", "dist/cli/main.cjs"]);
    const counted = packed.files.filter(({ path }) => !/^dist\/(cli\/)?chunks\//.test(path) || live.has(path));
    expect(counted.reduce((sum, { size }) => sum + size, 0)).toBeLessThan(1_700 * KILOBYTE);
  });

  test("runs with no other package beside it", async () => {
    const { stdout } = await run(process.execPath, [installed("bin/mcp-keys.js"), "--version"], { cwd: folder });
    expect(stdout).toBe(`${manifest.version}\n`);
  });

  test("is a library with no other package beside it", async () => {
    const script = `import(${JSON.stringify(installed("dist/index.js"))}).then((m) => console.log(typeof m.createKeys))`;
    const { stdout } = await run(process.execPath, ["-e", script], { cwd: folder });
    expect(stdout).toBe("function\n");
  });

  test("has every file that its manifest names", () => {
    const named = [
      manifest.bin["mcp-keys"],
      ...Object.values(manifest.exports["."]),
      manifest.exports["./package.json"],
    ];
    expect(named.filter((path) => !existsSync(installed(path)))).toEqual([]);
  });

  test("has declarations that a strict user's compiler accepts", async () => {
    await mkdir(join(folder, "node_modules"));
    await symlink(installed(""), join(folder, "node_modules/mcp-keys"), "junction");
    await symlink(join(ROOT, "node_modules/@types"), join(folder, "node_modules/@types"), "junction");
    const user = join(folder, "user.mts");
    await writeFile(
      user,
      `import { CODES, createKeys, openStore, probe, type Code, type Finding, type Report } from "mcp-keys";
       const keys = createKeys({ store: await openStore("memory:") });
       export const answer: Promise<unknown> = keys.list();
       const seen: Finding[] = [];
       const former: Report = await probe({ url: "http://127.0.0.1:1/mcp", key: "x", onFinding: (one) => seen.push(one) });
       export const report = probe({ url: former.url, key: "x", baseline: former.findings, rate: 5, strict: true });
       export const code: Code = CODES.USAGE.exit === 2 ? "USAGE" : "BUG";`,
    );
    const program = ts.createProgram([user], {
      module: ts.ModuleKind.NodeNext,
      target: ts.ScriptTarget.ES2023,
      types: ["node"],
      strict: true,
      exactOptionalPropertyTypes: true,
      preserveSymlinks: true,
      noEmit: true,
    });
    const ours = program.getSourceFiles().filter(({ fileName }) => /user\.mts$|\/mcp-keys\/dist\//.test(fileName));
    expect(ours.length).toBeGreaterThan(10);
    const complaints = ours.flatMap((file) => [
      ...program.getSyntacticDiagnostics(file),
      ...program.getSemanticDiagnostics(file),
    ]);
    expect(complaints.map(({ file, messageText }) => [file?.fileName, messageText])).toEqual([]);
  });

  test("gives the licence of each package in the bundle, and holds no other package", async () => {
    const text = await readFile(installed("dist/THIRD-PARTY-LICENSES.txt"), "utf8");
    const names = [...text.matchAll(/^-{80}\n\n(\S+) \d/gm)].map(([, name]) => name!);
    expect(names.filter((name) => !BUNDLED.includes(name))).toEqual([]);
    expect(BUNDLED.filter((name) => !names.includes(name))).toEqual([]);
  });
});

describe("the manifest", () => {
  test("asks for no package but the keychain's, and runs nothing when it is installed", () => {
    expect(manifest).not.toHaveProperty("dependencies");
    expect(Object.keys(manifest.optionalDependencies)).toEqual(["@napi-rs/keyring"]);
    expect(Object.keys(manifest.peerDependencies)).toEqual(["keytar"]);
    expect(manifest.peerDependenciesMeta).toEqual({ keytar: { optional: true } });
    // npm warns of `prepare` as well, when the package comes as a file; `postprepare` runs at `npm ci` and is not warned of.
    expect(Object.keys(manifest.scripts).filter((name) => /^((pre|post)?install|prepare)$/.test(name))).toEqual([]);
  });

  test("names the Node it is built and tested for", () => {
    expect(manifest.engines.node).toBe(">=20.17");
    expect(readFileSync(join(ROOT, "scripts/build.js"), "utf8")).toContain(`target: "node20.17"`);
  });
});

describe("the repository", () => {
  const git = (...args: string[]) => run("git", ["-c", "safe.directory=*", ...args], { cwd: ROOT, maxBuffer: 1e8 });
  let tracked: string[];
  beforeAll(async () => {
    tracked = (await git("ls-files", "-z")).stdout.split("\0").filter((path) => path && existsSync(join(ROOT, path)));
  });

  test("locks every package by its digest and to no host", () => {
    for (const path of tracked.filter((name) => name.endsWith("package-lock.json"))) {
      const { packages } = JSON.parse(readFileSync(join(ROOT, path), "utf8")) as { packages: Record<string, Locked> };
      const entries = Object.entries(packages).filter(([name, { link }]) => name.includes("node_modules/") && !link);
      expect(entries.length).toBeGreaterThan(0);
      // What a package bundles is under the digest of that package.
      const fetched = entries.filter(([, { inBundle }]) => !inBundle);
      expect(fetched.filter(([, entry]) => !entry.integrity).map(([name]) => `${path}: ${name}`)).toEqual([]);
      expect(entries.filter(([, entry]) => entry.resolved).map(([name]) => `${path}: ${name}`)).toEqual([]);
    }
  });

  test("runs the install script of no package", () => {
    const { packages } = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as {
      packages: Record<string, Locked>;
    };
    const scripted = Object.keys(packages).filter((name) => packages[name]!.hasInstallScript);
    const denied = Object.entries(manifest.allowScripts).filter(([, allowed]) => !allowed);
    expect(scripted.map((name) => name.replace(/^.*node_modules\//, ""))).toEqual(denied.map(([name]) => name));
  });

  test("names no machine it was written on and no registry", () => {
    const bad = [
      ROOT,
      "/Users/",
      String.raw`C:\Users`,
      ["registry", "npmjs", "org"].join("."),
      ["registry", "yarnpkg"].join("."),
    ];
    const found = tracked.flatMap((path) => {
      const text = readFileSync(join(ROOT, path), "utf8");
      return bad.filter((word) => text.includes(word)).map((word) => `${path}: ${word}`);
    });
    expect(found.filter((line) => !line.startsWith("test/package.test.ts: "))).toEqual([]);
    expect(tracked.filter((path) => /(^|\/)(node_modules|dist)\/|\.tgz$/.test(path))).toEqual([]);
  });
});

interface Locked {
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
  readonly inBundle?: boolean;
}
