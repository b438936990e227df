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

/** The packages in our bundle. Adding one is a decision, because its code runs with access to keys. */
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
  "jsonc-parser",
  "mute-stream",
  "nanoid",
  "signal-exit",
  "smol-toml",
  "yaml",
];

describe("the packed package", () => {
  let folder: string;
  let packed: { files: { path: string; size: number }[]; filename: string };
  const installed = (path: string) => join(folder, "package", path);

  /** Returns these files of the bundle and everything they import. */
  function reachable(paths: readonly string[]): Set<string> {
    const found = new Set(paths);
    for (const path of found) {
      const text = readFileSync(installed(path), "utf8");
      for (const [, target] of text.matchAll(/"((?:\.\.?|chunks)\/[\w./-]+\.c?js)"/g))
        found.add(posix.join(path, "..", target!));
    }
    return found;
  }

  beforeAll(async () => {
    for (const file of ["dist/index.js", "dist/cli/main.cjs", "dist/types/index.d.ts"]) {
      if (!existsSync(join(ROOT, file))) throw new Error(`${file} is missing: npm run build`);
    }
    folder = await mkdtemp(join(tmpdir(), "mcp-keys-pack-"));
    const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder];
    const { stdout } = await run("npm", args, { cwd: ROOT, shell: process.platform === "win32" });
    packed = JSON.parse(stdout)[0];
    await run("tar", ["-xf", packed.filename], { cwd: folder });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("contains only code and licences", () => {
    const unexpected = packed.files
      .map(({ path }) => path)
      .filter((path) => !/^(bin\/|dist\/|(README|LICENSE)(\.md)?$|package\.json$)/.test(path));
    expect(unexpected).toEqual([]);
    expect(packed.files.filter(({ path }) => /\.(map|tgz|jsonl|env|pem|key)$|(?<!\.d)\.ts$/.test(path))).toEqual([]);
  });

  test("is small", () => {
    // A development build may keep chunks of earlier builds; `prepack` removes them.
    const live = reachable(["dist/index.js", "dist/cli/main.cjs"]);
    const counted = packed.files.filter(({ path }) => !/^dist\/(cli\/)?chunks\//.test(path) || live.has(path));
    expect(counted.reduce((sum, { size }) => sum + size, 0)).toBeLessThan(1_200 * KILOBYTE);
  });

  test("runs without any other package", async () => {
    const { stdout } = await run(process.execPath, [installed("bin/mcp-keys.js"), "--version"], { cwd: folder });
    expect(stdout).toBe(`${manifest.version}\n`);
  });

  test("can be imported without any other package", async () => {
    const script = `import(${JSON.stringify(installed("dist/index.js"))}).then((m) => console.log(typeof m.createKeys))`;
    const { stdout } = await run(process.execPath, ["-e", script], { cwd: folder });
    expect(stdout).toBe("function\n");
  });

  test("contains every file that its manifest names", () => {
    const named = [
      manifest.bin["mcp-keys"],
      ...Object.values(manifest.exports["."]),
      manifest.exports["./package.json"],
    ];
    expect(named.filter((path) => !existsSync(installed(path)))).toEqual([]);
  });

  test("has declarations that compile with strict options", async () => {
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
    expect(ours.length).toBe(2);
    const complaints = ours.flatMap((file) => [
      ...program.getSyntacticDiagnostics(file),
      ...program.getSemanticDiagnostics(file),
    ]);
    expect(complaints.map(({ file, messageText }) => [file?.fileName, messageText])).toEqual([]);
  });

  test("has declarations with the doc comment of every export", () => {
    for (const name of ["index", "testing"]) {
      const entry = installed(`dist/types/${name}.d.ts`);
      const program = ts.createProgram([entry], { noLib: true, types: [], allowImportingTsExtensions: true });
      const checker = program.getTypeChecker();
      const module = checker.getSymbolAtLocation(program.getSourceFile(entry)!)!;
      const exports = checker.getExportsOfModule(module).map((each) => checker.getAliasedSymbol(each));
      expect(exports.length).toBeGreaterThan(1);
      expect(
        exports.filter((each) => each.getDocumentationComment(checker).length === 0).map((each) => each.name),
      ).toEqual([]);
    }
  });

  test("includes the licence of every bundled package, and bundles no others", async () => {
    const text = await readFile(installed("dist/THIRD-PARTY-LICENSES.txt"), "utf8");
    const names = [...text.matchAll(/^(\S+) \d\S* \(/gm)].map(([, name]) => name!);
    expect(names.filter((name) => !BUNDLED.includes(name))).toEqual([]);
    expect(BUNDLED.filter((name) => !names.includes(name))).toEqual([]);
  });
});

describe("the manifest", () => {
  test("depends only on the optional keychain packages, and has no install scripts", () => {
    expect(manifest).not.toHaveProperty("dependencies");
    expect(Object.keys(manifest.optionalDependencies)).toEqual(["@napi-rs/keyring"]);
    expect(Object.keys(manifest.peerDependencies)).toEqual(["keytar", "pg"]);
    expect(manifest.peerDependenciesMeta).toEqual({ keytar: { optional: true }, pg: { optional: true } });
    // npm also warns about `prepare` if the package is a file. `postprepare` runs on `npm ci` without a warning.
    expect(Object.keys(manifest.scripts).filter((name) => /^((pre|post)?install|prepare)$/.test(name))).toEqual([]);
  });

  test("requires the Node version it is built and tested for", () => {
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

  test("locks every package by its digest, without a registry host", () => {
    for (const path of tracked.filter((name) => name.endsWith("package-lock.json"))) {
      const { packages } = JSON.parse(readFileSync(join(ROOT, path), "utf8")) as { packages: Record<string, Locked> };
      const entries = Object.entries(packages).filter(([name, { link }]) => name.includes("node_modules/") && !link);
      expect(entries.length).toBeGreaterThan(0);
      // The digest of a package covers the packages it bundles.
      const fetched = entries.filter(([, { inBundle }]) => !inBundle);
      expect(fetched.filter(([, entry]) => !entry.integrity).map(([name]) => `${path}: ${name}`)).toEqual([]);
      expect(entries.filter(([, entry]) => entry.resolved).map(([name]) => `${path}: ${name}`)).toEqual([]);
    }
  });

  test("runs no install scripts", () => {
    const { packages } = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as {
      packages: Record<string, Locked>;
    };
    const scripted = Object.keys(packages).filter((name) => packages[name]!.hasInstallScript);
    const denied = Object.entries(manifest.allowScripts).filter(([, allowed]) => !allowed);
    expect(scripted.map((name) => name.replace(/^.*node_modules\//, ""))).toEqual(denied.map(([name]) => name));
  });

  test("contains no local paths and no registry hosts", () => {
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
