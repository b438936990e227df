import { lstat, mkdir, realpath } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { shellQuote } from "../core/shell-quote.ts";
import { KeysError } from "../errors.ts";
import { errnoOf, fileFault } from "./file-fault.ts";
import { openFileSink } from "./file.ts";
import { openMergeSink } from "./merge.ts";
import { readOriginal } from "./original.ts";
import type { Sink } from "./sink.ts";
import { requireWritableFolder } from "./target.ts";
import { leadsOut } from "./within.ts";

export interface FileEdit {
  /** Returns the new text of the file, from the old one (empty if there is no file). May throw `KeysError`. */
  readonly edit: (before: string) => string;
  /** The user's numeric id, or `null` on Windows, where owners and modes are not checked. */
  readonly uid: number | null;
  /** A folder that a symbolic link may not lead out of. */
  readonly within?: string;
  /** Whether other users may read a file that is created (0644): nobody puts a token there. */
  readonly isPublic?: boolean;
  /** Whether to check what can be checked, and change nothing. */
  readonly dryRun?: boolean;
  /** Called with each open file, to be discarded if the run is interrupted. */
  readonly onOpen: (sink: Sink) => void;
}

export interface EditedFile {
  /** The file itself, behind any symbolic link. */
  readonly file: string;
  readonly changed: boolean;
  /** A copy of the file as it was, if it was changed. */
  readonly backup: string | null;
}

/** In bytes. Some programs keep their history in the file too. */
const LIMIT = 64 * 1024 * 1024;

/**
 * Edits a settings file of another program, and keeps a copy of the old one next to it, readable by its owner only. Unchanged text is not
 * written. A missing file is created, with its folder. A symbolic link is followed: the text is no secret, and many people keep their
 * settings in another folder and link to it.
 * @throws {@link KeysError} `DELIVERY_FAILED` if it cannot be written, and is then unchanged; `USAGE` for a file that is not UTF-8;
 * what `edit` throws
 */
export async function editFile(
  path: string,
  { edit, uid, within, isPublic = false, dryRun = false, onOpen }: FileEdit,
): Promise<EditedFile> {
  const file = await follow(resolve(path), within);
  const before = await readOriginal(file, uid, LIMIT);
  const after = edit(before?.text ?? "");
  if (before !== null && after === before.text) return { file, changed: false, backup: null };
  if (before === null) await (dryRun ? requireFolder(dirname(file)) : createFolder(dirname(file)));
  else if (uid !== null && (before.mode & 0o200) === 0) {
    throw new KeysError("DELIVERY_FAILED", `${file} is read-only`, {
      hint: `allow changes with: chmod u+w ${shellQuote(file)}`,
    });
  }
  if (dryRun) {
    if (before !== null) await requireWritableFolder(file);
    return { file, changed: true, backup: null };
  }
  let backup: string | null = null;
  let changed = true;
  const sink = await openMergeSink(file, {
    edit: (text) => {
      const edited = edit(text);
      changed = before === null || edited !== text;
      return edited;
    },
    uid,
    isPublic,
    limit: LIMIT,
    warn: () => undefined,
    backUp: async (text) => {
      backup = `${file}.mcp-keys.bak`;
      const copy = await openFileSink(backup, { force: true, uid });
      onOpen(copy);
      await copy.deliver(text);
    },
  });
  onOpen(sink);
  await sink.deliver("");
  return { file, changed, backup };
}

/** Returns the file that a path leads to. Links of a project that comes from others must not lead to files elsewhere. */
async function follow(path: string, within: string | undefined): Promise<string> {
  const isMissing = (await lstat(path).catch(() => null)) === null;
  const file = isMissing ? path : await resolveLinks(path);
  if (within === undefined || !(await leadsOut(file, within))) return file;
  throw new KeysError("DELIVERY_FAILED", `${path} is a symbolic link that leads out of the project`, {
    hint: `name the file itself: --install ${shellQuote(await realpath(file).catch(() => file))}`,
  });
}

async function resolveLinks(path: string): Promise<string> {
  return realpath(path).catch((cause: unknown) => {
    if (errnoOf(cause) !== "ENOENT") throw fileFault(path, cause);
    throw new KeysError("DELIVERY_FAILED", `${path} is a symbolic link to nothing`, {
      hint: `remove it with: rm ${shellQuote(path)}`,
      cause,
    });
  });
}

/** Checks that a folder exists, or could be created. */
async function requireFolder(folder: string): Promise<void> {
  let path = folder;
  while (path !== dirname(path) && (await lstat(path).catch(() => null)) === null) path = dirname(path);
  await requireWritableFolder(join(path, "x"));
}

async function createFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw fileFault(folder, cause);
  });
}
