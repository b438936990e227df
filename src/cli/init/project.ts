import { stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { isObject } from "../../core/type-guards.ts";
import { KeysError } from "../../errors.ts";
import type { FrameworkName } from "./framework-names.ts";
import { frameworks } from "./frameworks.ts";
import { readProjectFile, unreadable } from "./project-file.ts";

const LOCK_FILES = { "pnpm-lock.yaml": "pnpm", "yarn.lock": "yarn", "bun.lock": "bun", "bun.lockb": "bun" } as const;

type PackageManager = "npm" | (typeof LOCK_FILES)[keyof typeof LOCK_FILES];

/** What the files of a project tell about it. */
export interface ServerProject {
  readonly folder: string;
  /** The name in its package.json, or that of its folder. */
  readonly name: string;
  /** The packages that it depends on. */
  readonly packages: ReadonlySet<string>;
  readonly isTypeScript: boolean;
  /** Whether its `.js` and `.ts` files are ES modules. */
  readonly isModule: boolean;
  readonly hasSrc: boolean;
  readonly packageManager: PackageManager;
  /** The kind of server it seems to be. */
  readonly framework: FrameworkName | undefined;
}

/** Frameworks first that contain another one of the list. */
const DETECTION = ["next", "fastify", "hono", "express", "node", "fetch"] as const satisfies readonly FrameworkName[];

/**
 * Reads a project.
 * @throws {@link KeysError} `USAGE` if there is no such folder, or its package.json cannot be read
 */
export async function readProject(folder: string): Promise<ServerProject> {
  const isFolder = await stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) {
    throw new KeysError("USAGE", "that is not a folder", { hint: "name the folder of your server: mcp-keys init ." });
  }
  const manifest = await readManifest(join(folder, "package.json"));
  const packages = new Set([
    ...namesIn(manifest?.["dependencies"]),
    ...namesIn(manifest?.["devDependencies"]),
    ...namesIn(manifest?.["peerDependencies"]),
  ]);
  const [isTypeScript, hasSrc, hasPyproject, hasRequirements] = await Promise.all(
    ["tsconfig.json", "src", "pyproject.toml", "requirements.txt"].map((name) => exists(join(folder, name))),
  );
  const name = manifest?.["name"];
  return {
    folder,
    name: typeof name === "string" ? name : basename(resolve(folder)),
    packages,
    isTypeScript: isTypeScript === true || packages.has("typescript"),
    isModule: manifest?.["type"] === "module",
    hasSrc: hasSrc === true,
    packageManager: await findPackageManager(folder),
    framework: detect(packages, {
      isProgram: manifest?.["bin"] !== undefined,
      isPython: manifest === null && (hasPyproject === true || hasRequirements === true),
    }),
  };
}

/** Returns whose lock file is in the folder, or above it: a monorepo has one at its root. */
async function findPackageManager(folder: string): Promise<PackageManager> {
  for (let next = resolve(folder); ; next = dirname(next)) {
    for (const [name, manager] of Object.entries(LOCK_FILES)) {
      if (await exists(join(next, name))) return manager;
    }
    const isRoot = next === dirname(next) || (await exists(join(next, ".git")));
    if (isRoot || (await exists(join(next, "package-lock.json")))) return "npm";
  }
}

function detect(
  packages: ReadonlySet<string>,
  { isProgram, isPython }: { isProgram: boolean; isPython: boolean },
): FrameworkName | undefined {
  if (isPython) return "python";
  const found = DETECTION.find((name) => frameworks[name].packages.some((each) => packages.has(each)));
  // The SDK alone, in a package that clients start.
  return isProgram && (found === "node" || found === "fetch") ? "stdio" : found;
}

async function readManifest(path: string): Promise<Record<string, unknown> | null> {
  const text = await readProjectFile(path);
  if (text === null) return null;
  try {
    const manifest: unknown = JSON.parse(text.replace(/^\uFEFF/, ""));
    if (isObject(manifest)) return manifest;
  } catch (cause) {
    throw unreadable(path, "is not valid JSON", cause);
  }
  throw unreadable(path, "is not a JSON object");
}

function namesIn(dependencies: unknown): string[] {
  return isObject(dependencies) ? Object.keys(dependencies) : [];
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
