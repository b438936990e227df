import { lstat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { shellQuote } from "../../core/shell-quote.ts";
import { KeysError } from "../../errors.ts";
import { startProcess } from "../../process/start-process.ts";
import { SAFE_ENV, SAFE_FLAGS } from "../../scan/git.ts";
import { sinks } from "../../sinks/index.ts";
import type { Context } from "../context.ts";
import type { SetupStep } from "./step.ts";

/** Otherwise git refuses a repository of another owner, as in a container, as if there were none. */
const ANY_OWNER = ["-c", "safe.directory=*"];

/**
 * Plans the line in `.gitignore` that keeps the file with the token out of commits.
 * @returns `null` if git ignores the file already, or there is no repository or no git
 * @throws {@link KeysError} `DELIVERY_FAILED` for a file that git already tracks: the next commit would contain the token. The
 * step throws it if git does not ignore the file then
 */
export async function planGitignore(ctx: Context, file: string): Promise<SetupStep | null> {
  const folder = dirname(file);
  const name = basename(file);
  const git = (...args: string[]) => runGit(ctx, folder, args);
  if ((await git("ls-files", "--error-unmatch", "--", `:(literal)${name}`)) === 0) {
    throw new KeysError("DELIVERY_FAILED", `git tracks ${file}, so the next commit would contain the token`, {
      hint: `take it out of the repository with: git rm --cached ${shellQuote(file)}; or choose another file`,
    });
  }
  // 0: it is ignored. 128: there is no repository.
  if ((await git("check-ignore", "--quiet", "--", name)) !== 1) return null;
  const path = join(folder, ".gitignore");
  const line = `/${escapePattern(name)}`;
  const options = {
    edit: (before: string) => addLine(before, line),
    uid: ctx.world.uid,
    isPublic: true,
    warn: () => undefined,
  };
  if (await isLink(path)) {
    throw new KeysError("DELIVERY_FAILED", `${path} is a symbolic link, which git does not follow`, {
      hint: "replace the link by a file; nothing was changed",
    });
  }
  await sinks.merge(path, { ...options, dryRun: true });
  return {
    ...{ step: "gitignore", file: path, about: `${line}, which git ignores then`, exists: false },
    async run() {
      const sink = await sinks.merge(path, options);
      ctx.atEnd(() => sink.discard());
      await sink.deliver("");
      if ((await git("check-ignore", "--quiet", "--", name)) === 0) return [];
      throw new KeysError("DELIVERY_FAILED", `git still does not ignore ${file}`, {
        hint: `correct ${path} by hand, or choose another file`,
      });
    },
  };
}

function isLink(path: string): Promise<boolean> {
  return lstat(path).then(
    (found) => found.isSymbolicLink(),
    () => false,
  );
}

/** In a pattern, a file name is literal after this. Git drops spaces at the end of a line. */
function escapePattern(name: string): string {
  return name.replace(/[\\*?[]|\s$/g, "\\$&");
}

function addLine(before: string, line: string): string {
  const eol = before.includes("\r\n") ? "\r\n" : "\n";
  return `${before}${before === "" || before.endsWith("\n") ? "" : eol}${line}${eol}`;
}

/** Returns the exit status of git, or `null` if it could not start. */
async function runGit(ctx: Context, cwd: string, args: readonly string[]): Promise<number | null> {
  const { env } = ctx.world;
  const running = startProcess("git", [...SAFE_FLAGS, ...ANY_OWNER, ...args], {
    ...{ cwd, stdio: "ignore", ownGroup: true },
    env: { ...env, ...SAFE_ENV },
  });
  ctx.atEnd(() => running.end());
  return (await running.exited).code;
}
