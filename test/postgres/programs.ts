import { execFileSync } from "node:child_process";
import { accessSync, constants, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";

/** The oldest version that is supported. */
const OLDEST = 15;

const NEEDED = ["initdb", "postgres", "pg_basebackup"];

/** Debian keeps the server's programs outside PATH, one folder per version. */
const DEBIAN = "/usr/lib/postgresql";

/** Who runs the servers. They refuse to run as root. */
export interface Runner {
  readonly uid: number;
  readonly gid: number;
}

/** The user of Debian's package, or else nobody. `null`: the user of this process. */
export function findRunner(): Runner | null {
  if (process.getuid?.() !== 0) return null;
  for (const name of ["postgres", "nobody"]) {
    try {
      const [uid, gid] = ["-u", "-g"].map((flag) => Number(execFileSync("id", [flag, name], { encoding: "utf8" })));
      if (uid !== undefined && gid !== undefined) return { uid, gid };
    } catch {
      // There is no such user.
    }
  }
  throw new Error("there is neither a user postgres nor a user nobody");
}

/** Returns the folder with the programs of PostgreSQL, or `null` if there is none that is new enough. */
export function findPostgres(): string | null {
  const versions = foldersIn(DEBIAN)
    .map(Number)
    .filter((version) => version >= OLDEST)
    .sort((a, b) => b - a);
  const candidates = [...versions.map((version) => join(DEBIAN, String(version), "bin")), ...pathFolders()];
  const isWhole = (folder: string) => NEEDED.every((program) => isProgram(join(folder, program)));
  return candidates.find((folder) => isWhole(folder) && majorOf(folder) >= OLDEST) ?? null;
}

/** Returns the path of `pgbouncer`, or `null`. */
export function findPgBouncer(): string | null {
  // Debian's folder for servers is not in the PATH of every user.
  const paths = [...pathFolders(), "/usr/sbin"].map((folder) => join(folder, "pgbouncer"));
  return paths.find(isProgram) ?? null;
}

function majorOf(folder: string): number {
  return Number(/(\d+)/.exec(execFileSync(join(folder, "postgres"), ["--version"], { encoding: "utf8" }))?.[1]);
}

function pathFolders(): string[] {
  return (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
}

function foldersIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
