import { stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { count } from "../core/count.ts";
import { Findings, printablePath, type FoundInScan } from "./findings.ts";
import { findCommits } from "./find-commits.ts";
import { findRepository, scanHistory, scanStaged, type GitPlace, type GitVisitor } from "./scan-git.ts";
import { GitFailure, type GitOptions } from "./git.ts";
import { scanFiles } from "./scan-files.ts";
import type { TokenMatch } from "./token-finder.ts";

/** What to scan, and how to run git. */
export interface ScanOptions extends Omit<GitOptions, "cwd"> {
  readonly paths: readonly string[];
  /** Scan the index instead of files and history. */
  readonly staged: boolean;
  readonly history: boolean;
  readonly signal: AbortSignal;
}

/** The result of a scan. */
export interface ScanResult {
  readonly found: readonly FoundInScan[];
  /** Files on disk; and versions of files, commits and tags in git. */
  readonly scanned: { readonly files: number; readonly objects: number };
  /** What could not be read: the scan is incomplete. */
  readonly unread: readonly { readonly path: string; readonly reason: string }[];
  /** Folders whose clone has only a part of the history. */
  readonly shallow: readonly string[];
}

/** In a hook, git sets these for its own repository. */
const REPOSITORY_ENV = ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR"];

/** Scans files and git for our tokens. Changes nothing, and needs no network. */
export async function scan({ paths, staged, history, signal, ...git }: ScanOptions): Promise<ScanResult> {
  const findings = new Findings();
  const scanned = { files: 0, objects: 0 };
  const unread: { path: string; reason: string }[] = [];
  const shallow: string[] = [];
  const fail = (path: string) => (error: unknown) => {
    if (!(error instanceof GitFailure)) throw error;
    unread.push({ path: printablePath(Buffer.from(path)), reason: `git: ${error.message}` });
  };
  let missing = 0;
  const tally = { object: () => scanned.objects++, missing: () => missing++ };
  const result = (): ScanResult => {
    if (missing > 0) unread.push({ path: ".git", reason: `${count(missing, "object")} missing` });
    return { found: findings.all(), scanned, unread, shallow };
  };

  if (staged) {
    const found = (place: GitPlace, token: TokenMatch) =>
      findings.add(token, { path: place.path === null ? null : printablePath(place.path), line: token.line });
    await scanStaged({ cwd: ".", ...git }, paths, { ...tally, found }).catch(fail("the index"));
    return result();
  }
  for (const path of paths) {
    await scanFiles(
      Buffer.from(path),
      {
        file: () => scanned.files++,
        found: (at, token) => findings.add(token, { path: printablePath(at), line: token.line }),
        unread: (at, reason) => unread.push({ path: printablePath(at), reason }),
      },
      signal,
    );
    if (!history || signal.aborted) continue;
    const isFolder = (await stat(path)).isDirectory();
    const env = Object.fromEntries(Object.entries(git.env).filter(([name]) => !REPOSITORY_ENV.includes(name)));
    const options = { ...git, env, cwd: isFolder ? path : dirname(path) };
    await scanRepository(options, isFolder ? null : basename(path), findings, tally, shallow).catch(fail(path));
  }
  return result();
}

async function scanRepository(
  git: GitOptions,
  name: string | null,
  findings: Findings,
  tally: Pick<GitVisitor, "object" | "missing">,
  shallow: string[],
): Promise<void> {
  const repository = await findRepository(git);
  if (repository === null) return;
  if (repository.isShallow) shallow.push(git.cwd);
  const path = name ?? (repository.prefix === "" ? null : ".");
  // The history comes newest first, so the last version of a file is the oldest.
  const oldest = new Map<string, { place: GitPlace; token: TokenMatch }>();
  const found = (place: GitPlace, token: TokenMatch) =>
    void oldest.set(`${place.path?.toString("latin1") ?? place.object} ${token.token.reveal()}`, { place, token });
  let commits: ReadonlyMap<string, string> = new Map();
  try {
    await scanHistory(git, path, { ...tally, found });
    const files = [...oldest.values()].flatMap(({ place }) => (place.path === null ? [] : place));
    const below = files.map(({ path: at }) => String(at).slice(repository.prefix.length));
    commits = await findCommits(git, new Set(files.map(({ object }) => object)), [...new Set(below)]);
  } finally {
    // Also if git fails at a damaged object.
    for (const { place, token } of oldest.values()) {
      const commit = commits.get(place.object) ?? place.object;
      findings.add(token, { path: place.path === null ? null : printablePath(place.path), line: token.line, commit });
    }
  }
}
