import { basename, dirname, join } from "node:path";
import { KeysError } from "../../errors.ts";
import { startProcess } from "../../process/start-process.ts";
import { sinks } from "../../sinks/index.ts";
import type { Context } from "../context.ts";
import type { SetupStep } from "./step.ts";

/** A foreign repository must not run a program of its choice. */
const SAFE_FLAGS = ["-c", "core.fsmonitor=false"];

/**
 * Plans the line in `.gitignore` that keeps the file with the token out of commits.
 * @returns `null` if git ignores the file already, or there is no repository or no git
 * @throws {@link KeysError} `DELIVERY_FAILED` for a file that git already tracks: the next commit would contain the token
 */
export async function planGitignore(ctx: Context, file: string): Promise<SetupStep | null> {
  const folder = dirname(file);
  const name = basename(file);
  const git = (...args: string[]) => runGit(ctx, folder, args);
  if ((await git("ls-files", "--error-unmatch", "--", `:(literal)${name}`)) === 0) {
    throw new KeysError("DELIVERY_FAILED", `git tracks ${file}, so the next commit would contain the token`, {
      hint: `take it out of the repository with: git rm --cached ${name}; or choose another file`,
    });
  }
  // 0: it is ignored. 128: there is no repository.
  if ((await git("check-ignore", "--quiet", "--", name)) !== 1) return null;
  const path = join(folder, ".gitignore");
  const options = { edit: (before: string) => addLine(before, `/${name}`), uid: ctx.world.uid, warn: () => undefined };
  await sinks.merge(path, { ...options, dryRun: true });
  return {
    ...{ step: "gitignore", file: path, about: `/${name}, which git ignores then`, exists: false },
    async run() {
      const sink = await sinks.merge(path, options);
      ctx.atEnd(() => sink.discard());
      await sink.deliver("");
      return [];
    },
  };
}

function addLine(before: string, line: string): string {
  const eol = before.includes("\r\n") ? "\r\n" : "\n";
  return `${before}${before === "" || before.endsWith("\n") ? "" : eol}${line}${eol}`;
}

/** Returns the exit status of git, or `null` if it could not start. */
async function runGit(ctx: Context, cwd: string, args: readonly string[]): Promise<number | null> {
  const { env } = ctx.world;
  const running = startProcess("git", [...SAFE_FLAGS, ...args], { cwd, env, stdio: "ignore", ownGroup: true });
  ctx.atEnd(() => running.end());
  return (await running.exited).code;
}
