import { Readable } from "node:stream";
import { BATCH_FORMAT, BatchReader } from "./read-batch.ts";
import { readGit, startGit, GitFailure, type GitOptions } from "./git.ts";
import { findTokens, TokenFinder, type TokenMatch } from "./token-finder.ts";

/** The place of a token in git: the object that contains it, and its path. A commit or a tag has no path. */
export interface GitPlace {
  readonly object: string;
  readonly path: Buffer | null;
}

/** What a scan of git objects reports. */
export interface GitVisitor {
  /** A file version, commit or tag was read. */
  object(): void;
  found(place: GitPlace, token: TokenMatch): void;
  /** An object is not in this clone. */
  missing(): void;
}

/** A repository and the part of it that a path names. */
export interface Repository {
  readonly isShallow: boolean;
  /** The folder from the root of the repository, with a final slash; empty for the root itself. */
  readonly prefix: string;
}

/** Returns the repository of a folder, or `null` outside of one. @throws {@link GitFailure} */
export async function findRepository(git: GitOptions): Promise<Repository | null> {
  try {
    const output = await readGit(["rev-parse", "--is-shallow-repository", "--show-prefix"], git);
    const [shallow, prefix = ""] = output.toString().split("\n");
    return { isShallow: shallow === "true", prefix };
  } catch (error) {
    if (error instanceof GitFailure && error.message.startsWith("not a git repository")) return null;
    throw error;
  }
}

/**
 * Scans the history that the branches, tags and other references contain: every version of every file once, and the messages of
 * commits and tags. Fetches nothing.
 * @param path - limits the scan to a file or a folder, and to the commits that change it
 */
export async function scanHistory(git: GitOptions, path: string | null, visitor: GitVisitor): Promise<void> {
  const limit = path === null ? [] : ["--full-history", "--", path];
  const list = startGit(["rev-list", "--objects", "--all", "--missing=print", ...limit], git);
  await scanObjects(git, list.running.child.stdout, visitor, list.done());
}

/** Scans the files of the index that differ from the last commit. */
export async function scanStaged(git: GitOptions, paths: readonly string[], visitor: GitVisitor): Promise<void> {
  if ((await findRepository(git)) === null) throw new GitFailure("this folder is in no repository");
  const flags = ["--cached", "--raw", "-z", "--no-abbrev", "--no-renames", "--no-relative", "--diff-filter=d"];
  const entries = (await readGit(["diff", ...flags, "--", ...paths], git)).toString("latin1").split("\0");
  // Pairs of `:<mode> <mode> <id> <id> <status>` and a path. A submodule has no content here.
  const lines = entries.flatMap((entry, i) => {
    const [, mode, , id] = entry.split(" ");
    return entry.startsWith(":") && i % 2 === 0 && mode !== "160000" ? `${id ?? ""} ${entries[i + 1] ?? ""}` : [];
  });
  // Only a name with a line break does not fit on its line; its content is read all the same.
  const input = lines.map((line) => `${line.replace(/\n[^]*/, "")}\n`);
  await scanObjects(git, Readable.from(input.map((line) => Buffer.from(line, "latin1"))), visitor);
}

/** Scans the objects on the lines of `ids`: an id and a path. Holds one part of an object at a time. */
async function scanObjects(
  git: GitOptions,
  ids: Readable | null,
  visitor: GitVisitor,
  listed: Promise<void> = Promise.resolve(),
): Promise<void> {
  const { running, done } = startGit(["cat-file", BATCH_FORMAT, "--buffer"], git, true);
  const reader = new BatchReader(({ id, type, path }) => {
    if (type === "missing") visitor.missing();
    if (type !== "blob" && type !== "commit" && type !== "tag") return () => undefined;
    visitor.object();
    const finder = new TokenFinder();
    const place = { object: id, path: type === "blob" ? Buffer.from(path) : null };
    for (const token of findTokens(place.path ?? Buffer.alloc(0))) visitor.found(place, { ...token, line: 0 });
    return (part) => {
      for (const token of finder.push(part)) visitor.found(place, token);
    };
  });
  running.child.stdout?.on("data", (part: Buffer) => {
    reader.push(part);
  });
  const { stdin } = running.child;
  if (stdin !== null) ids?.pipe(stdin);
  await Promise.all([done(), listed]);
}
