import { startGit, type GitOptions } from "./git.ts";

const SEPARATOR = "commit ";
/** More paths may not fit on a command line; the walk then looks at all of them. */
const PATHS = 500;

/**
 * Finds the oldest commit that contains each object: its id for a version of a file, itself for a commit. Walks the history of these
 * paths once.
 * @returns the commit by object; without a tag, and without a file that only a tag contains
 */
export async function findCommits(
  git: GitOptions,
  objects: ReadonlySet<string>,
  paths: readonly string[],
): Promise<Map<string, string>> {
  const commits = new Map<string, string>();
  if (objects.size === 0) return commits;
  const flags = ["--all", "--full-history", "-m", "--raw", "--no-abbrev", "--no-renames", "--no-relative"];
  const { running, done } = startGit(
    ["log", `--format=${SEPARATOR}%H`, ...flags, "--", ...(paths.length > PATHS ? [] : paths)],
    git,
  );
  let commit = "";
  let rest = "";
  running.child.stdout?.setEncoding("latin1").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line.startsWith(SEPARATOR)) commit = line.slice(SEPARATOR.length);
      // Newest first, so the last one wins.
      const added = line.startsWith(":") ? line.split(/[ \t]/)[3] : undefined;
      if (added !== undefined && objects.has(added)) commits.set(added, commit);
    }
  });
  await done();
  return commits;
}
