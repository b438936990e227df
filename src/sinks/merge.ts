import { dirname } from "node:path";
import { shellQuote } from "../core/shell-quote.ts";
import { KeysError } from "../errors.ts";
import { withEditLock } from "./edit-lock.ts";
import { errnoOf, fileFault } from "./file-fault.ts";
import { createDrySink, createSink, type Sink } from "./sink.ts";
import { isUnchanged, readOriginal, type Original } from "./original.ts";
import { inspectTarget, requireWritableFolder } from "./target.ts";
import {
  openTempFile,
  placeTempFile,
  removeTempFile,
  replaceFile,
  sweepTempFiles,
  syncFolder,
  type TempFile,
} from "./temp-file.ts";

export interface MergeOptions {
  /** Returns the new text of the file, from the old one (empty if there is no file) and the text to deliver. May throw `USAGE`. */
  readonly edit: (before: string, text: string) => string;
  /** The user's numeric id, or `null` on Windows, where owners and modes are not checked. */
  readonly uid: number | null;
  /** Warns about a file that other users can read. */
  readonly warn: (line: string) => void;
  /** Whether other users may read a file that is created (0644): it contains no secret. */
  readonly isPublic?: boolean;
  /** Whether to check everything and create nothing. The sink cannot deliver then. */
  readonly dryRun?: boolean;
  /** The largest file, in bytes; 1 MiB by default. */
  readonly limit?: number;
  /** Called with the old text before the file is replaced. If it fails, nothing is changed. */
  readonly backUp?: (before: string) => Promise<void>;
}

/** How often a file may change while it is edited. */
const TRIES = 20;

/**
 * Opens a text file for an edit, such as one variable of a `.env` file. The file is read when the text is delivered, written to a
 * temporary file, and replaced by a rename: a crash leaves the old file or the new one. If it changed meanwhile, the edit starts
 * again. It keeps its owner, group and mode; a new file is readable by its owner only, unless it is public. The edit is tried here
 * too, because a file that cannot be edited must fail early.
 * @throws {@link KeysError} `DELIVERY_FAILED`; `USAGE` for a file that is not UTF-8, and what `edit` throws
 */
export async function openMergeSink(path: string, options: MergeOptions): Promise<Sink> {
  const { edit, uid, warn, dryRun = false } = options;
  const { target, found } = await inspectTarget(path);
  if (found === "device") throw new KeysError("DELIVERY_FAILED", `${target} is not a file`, { hint: "name a file" });
  // Before a refusal too: a file of a killed run may contain a token.
  await sweepTempFiles(target, uid);
  const before = await readOriginal(target, uid, options.limit);
  edit(before?.text ?? "", "x");
  if (before !== null && uid !== null && (before.mode & 0o044) !== 0) {
    warn(`other users can read ${target}; fix it with: chmod 600 ${shellQuote(target)}`);
  }
  if (dryRun) {
    await requireWritableFolder(target);
    return createDrySink(`file:${target}`);
  }
  const temp = await openTempFile(target, uid);
  await sweepTempFiles(target, uid, temp);
  return createSink(`file:${target}`, {
    deliver: (text) => merge(text, target, temp, options),
    discard: () => removeTempFile(temp),
  });
}

async function merge(text: string, target: string, temp: TempFile, options: MergeOptions): Promise<void> {
  const { edit, uid, backUp, isPublic = false } = options;
  try {
    await withEditLock(target, async () => {
      for (let i = 0; i < TRIES; i++) {
        const before = await readOriginal(target, uid, options.limit);
        const after = edit(before?.text ?? "", text);
        if (after === before?.text) {
          await removeTempFile(temp);
          return;
        }
        await fill(temp, after);
        if (before !== null) await backUp?.(before.text);
        if (before === null ? await create(temp, target, isPublic) : await replace(temp, target, before)) return;
      }
      throw new KeysError("DELIVERY_FAILED", `other processes keep changing ${target}`);
    });
  } catch (cause) {
    if (cause instanceof KeysError && cause.code === "DELIVERY_UNCERTAIN") throw cause;
    await removeTempFile(temp);
    if (!(cause instanceof KeysError)) throw fileFault(target, cause);
    // Whatever it was, the token did not arrive.
    throw new KeysError("DELIVERY_FAILED", cause.message, { hint: cause.hint, cause });
  } finally {
    await temp.handle.close().catch(() => undefined);
  }
  await syncFolder(dirname(target));
}

/** Writes the whole text, over that of an earlier try. */
async function fill({ handle }: TempFile, text: string): Promise<void> {
  const bytes = Buffer.from(text);
  await handle.truncate();
  for (let at = 0; at < bytes.length;) at += (await handle.write(bytes, at, bytes.length - at, at)).bytesWritten;
}

/** Returns whether the file was created; false if it exists by now. */
async function create(temp: TempFile, target: string, isPublic: boolean): Promise<boolean> {
  try {
    if (isPublic) await temp.handle.chmod(0o644);
    await temp.handle.sync();
    await placeTempFile(temp.path, target, false);
    return true;
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
    return false;
  }
}

/** Returns whether the file was replaced; false if it is no longer the one that was edited. */
async function replace({ path, handle }: TempFile, target: string, before: Original): Promise<boolean> {
  const own = await handle.stat();
  if (own.uid !== before.uid || own.gid !== before.gid) {
    await handle.chown(before.uid, before.gid).catch((cause: unknown) => {
      throw new KeysError("DELIVERY_FAILED", `cannot keep the owner and group of ${target}`, {
        hint: "run as the owner of the file, or choose another file",
        cause,
      });
    });
  }
  await handle.chmod(before.mode);
  await handle.sync();
  return replaceFile(path, target, () => isUnchanged(target, before));
}
