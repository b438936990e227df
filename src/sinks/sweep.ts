import { lstat, readdir, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { TempFile } from "./temp-file.ts";

const NAME = /^\.mcp-keys-[0-9a-f-]{36}\.tmp$/;
/** Longer than any delivery; a younger one may belong to a run that is under way. Milliseconds. */
const OLD = 3_600_000;

/**
 * Removes what a killed run left in the folder of `own`: a file that may hold a token. Their age is told by the clock of the
 * file system, from `own`, which was just made. Does not throw: who cannot tidy up can deliver all the same.
 */
export async function sweepTempFiles(own: TempFile): Promise<void> {
  const folder = dirname(own.path);
  const { mtimeMs: now, uid } = await own.handle.stat();
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((each) => NAME.test(each) && each !== basename(own.path))) {
    const path = join(folder, name);
    const found = await lstat(path).catch(() => null);
    if (found?.isFile() === true && found.uid === uid && now - found.mtimeMs > OLD)
      await unlink(path).catch(() => undefined);
  }
}
