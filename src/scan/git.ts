import { startProcess, type RunningProcess } from "../process/start-process.ts";

/** Why git could not be asked, or failed: its first line of stderr. */
export class GitFailure extends Error {
  override readonly name = "GitFailure";
}

/** How to run git: where, and with which environment. */
export interface GitOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Takes each process that starts, to end it if the run is interrupted. */
  readonly onStart: (running: RunningProcess) => void;
}

/** A git process. */
export interface GitProcess {
  readonly running: RunningProcess;
  /** Resolves when it has succeeded. @throws {@link GitFailure} */
  readonly done: () => Promise<void>;
}

/**
 * No program that the configuration of a foreign repository names may run, and it cannot leave anything out. Nothing is fetched or
 * written, and replaced objects show what they replace.
 */
export const SAFE_FLAGS: readonly string[] = [
  ...["core.fsmonitor=false", "log.showSignature=false", "log.showRoot=true", "log.follow=false"].flatMap((each) => [
    "-c",
    each,
  ]),
  ...["--no-replace-objects", "--no-pager"],
];
export const SAFE_ENV = { GIT_OPTIONAL_LOCKS: "0", GIT_NO_LAZY_FETCH: "1", GIT_TERMINAL_PROMPT: "0", LC_ALL: "C" };
const STDERR_LIMIT = 4_000;

/**
 * Starts git.
 * @param stdin - whether the caller writes to its standard input
 */
export function startGit(args: readonly string[], { cwd, env, onStart }: GitOptions, stdin = false): GitProcess {
  const running = startProcess("git", [...SAFE_FLAGS, "--literal-pathspecs", ...args], {
    cwd,
    env: { ...env, ...SAFE_ENV },
    stdio: [stdin ? "pipe" : "ignore", "pipe", "pipe"],
    ownGroup: true,
  });
  onStart(running);
  let stderr = "";
  running.child.stderr
    ?.setEncoding("utf8")
    .on("data", (text: string) => (stderr = (stderr + text).slice(0, STDERR_LIMIT)));
  return {
    running,
    done: async () => {
      await running.started.catch((error: unknown) => {
        const isMissing = error instanceof Error && (error as NodeJS.ErrnoException).code === "ENOENT";
        throw new GitFailure(isMissing ? "git is not installed" : "git could not start", { cause: error });
      });
      const { code } = await running.closed();
      const [line = ""] = stderr.split("\n");
      if (code !== 0) throw new GitFailure(line.replace(/^(fatal|error): /, "") || "git ended early");
    },
  };
}

/** Runs git and returns its output. For short outputs. @throws {@link GitFailure} */
export async function readGit(args: readonly string[], options: GitOptions): Promise<Buffer> {
  const { running, done } = startGit(args, options);
  const parts: Buffer[] = [];
  running.child.stdout?.on("data", (part: Buffer) => parts.push(part));
  await done();
  return Buffer.concat(parts);
}
