import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { dirname } from "node:path";
import { CODES, KeysError } from "../errors.ts";
import { errnoOf, fileFault, writeFault } from "./file-fault.ts";
import { createDrySink, createSink, type Sink } from "./sink.ts";
import { inspectTarget, requireWritableFolder } from "./target.ts";
import { openTempFile, placeTempFile, removeTempFile, sweepTempFiles, syncFolder, type TempFile } from "./temp-file.ts";

export interface FileOptions {
  /** Whether to replace an existing file. */
  readonly force: boolean;
  /** The user's numeric id, or `null` on Windows, where owners and modes are not checked. */
  readonly uid: number | null;
  /** Whether other users may read the file (0644): it contains no secret. */
  readonly isPublic?: boolean;
  /** Whether to check everything and create nothing. The sink cannot deliver then. */
  readonly dryRun?: boolean;
}

/**
 * Opens a file that only its owner can read (0600), unless it is public. The text is written to a temporary file in the same folder, which is renamed
 * once it is complete and on disk: no reader ever sees half a token, and a crash leaves the old file or the new one. The
 * temporary file is created here, which makes a read-only folder fail early. A symbolic link is refused, unless it leads to a
 * pipe or device (`/dev/stdout`, `>(command)`), which is written directly.
 * @throws {@link KeysError} `OUTPUT_EXISTS` if the file exists and `force` is false; `DELIVERY_FAILED`
 */
export async function openFileSink(path: string, options: FileOptions): Promise<Sink> {
  const { force, uid, isPublic = false, dryRun = false } = options;
  const { target, found } = await inspectTarget(path);
  // A reader would take the end of a pipe that is opened and closed for the end of its input.
  if (found === "device") return dryRun ? createDrySink(`file:${target}`) : openDeviceSink(target, uid);
  // Before a refusal too: a file of a killed run may contain a token.
  await sweepTempFiles(target, uid);
  if (found === "file" && !force) throw new KeysError("OUTPUT_EXISTS", `${target} already exists`);
  if (dryRun) {
    await requireWritableFolder(target);
    return createDrySink(`file:${target}`);
  }
  const temp = await openTempFile(target, uid);
  await sweepTempFiles(target, uid, temp);
  return createSink(`file:${target}`, {
    deliver: (text) => deliver(text, temp, target, { force, isPublic }),
    discard: () => removeTempFile(temp),
  });
}

async function deliver(
  text: string,
  temp: TempFile,
  target: string,
  { force, isPublic }: { force: boolean; isPublic: boolean },
): Promise<void> {
  try {
    await temp.handle.writeFile(text);
    if (isPublic) await temp.handle.chmod(0o644);
    await temp.handle.sync();
    await placeTempFile(temp.path, target, force);
  } catch (cause) {
    // The file has its final name; emptying the temporary one would empty both.
    if (cause instanceof KeysError) throw cause;
    await removeTempFile(temp);
    if (errnoOf(cause) !== "EEXIST") throw fileFault(target, cause);
    const { hint } = CODES.OUTPUT_EXISTS;
    throw new KeysError("DELIVERY_FAILED", `another process created ${target} in the meantime`, { hint, cause });
  } finally {
    await temp.handle.close().catch(() => undefined);
  }
  await syncFolder(dirname(target));
}

/**
 * Opens a pipe or a character device, such as bash's `>(command)` or `/dev/tty`. It is written directly, since there is no file
 * to replace. A device of another user is refused: a pipe planted in a shared folder would receive the token.
 * @param uid - the user's id, or `null` where files have no owner
 * @throws {@link KeysError} `DELIVERY_FAILED`, also if nothing has the pipe open for reading
 */
async function openDeviceSink(path: string, uid: number | null): Promise<Sink> {
  // Without O_NONBLOCK, opening a pipe with no reader blocks for ever, and Ctrl-C does not end it.
  const handle = await open(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY).catch(
    (cause: unknown) => {
      if (errnoOf(cause) !== "ENXIO") throw fileFault(path, cause);
      throw new KeysError("DELIVERY_FAILED", `nothing reads ${path}`, { hint: "start the reader first", cause });
    },
  );
  const found = await handle.stat();
  const reason =
    !found.isFIFO() && !found.isCharacterDevice()
      ? "is neither a file nor a pipe"
      : uid !== null && found.uid !== uid && found.uid !== 0
        ? "belongs to another user"
        : null;
  if (reason !== null) {
    await handle.close();
    throw new KeysError("DELIVERY_FAILED", `${path} ${reason}`, { hint: "choose another file" });
  }
  return createSink(`file:${path}`, {
    deliver: async (text) => {
      try {
        await handle.writeFile(text);
      } catch (cause) {
        throw writeFault(path, text, cause);
      } finally {
        await handle.close().catch(() => undefined);
      }
    },
    discard: () => handle.close(),
  });
}
