import { dirname } from "node:path";
import { CODES, KeysError } from "../errors.ts";
import { openDeviceSink } from "./device.ts";
import { errnoOf, fileFault } from "./file-fault.ts";
import { createSink, type Sink } from "./sink.ts";
import { inspectTarget } from "./target.ts";
import { openTempFile, placeTempFile, removeTempFile, sweepTempFiles, syncFolder, type TempFile } from "./temp-file.ts";

export interface FileOptions {
  /** Whether to replace an existing file. */
  readonly force: boolean;
  /** The user's numeric id, or `null` on Windows, where owners and modes are not checked. */
  readonly uid: number | null;
  /** Whether other users may read the file (0644): it contains no secret. */
  readonly isPublic?: boolean;
}

/**
 * Opens a file that only its owner can read (0600), unless it is public. The text is written to a temporary file in the same folder, which is renamed
 * once it is complete and on disk: no reader ever sees half a token, and a crash leaves the old file or the new one. The
 * temporary file is created here, which makes a read-only folder fail early. A symbolic link is refused, unless it leads to a
 * pipe or device (`/dev/stdout`, `>(command)`), which is written directly.
 * @throws {@link KeysError} `OUTPUT_EXISTS` if the file exists and `force` is false; `DELIVERY_FAILED`
 */
export async function openFileSink(path: string, { force, uid, isPublic = false }: FileOptions): Promise<Sink> {
  const { target, found } = await inspectTarget(path);
  if (found === "device") return openDeviceSink(target, uid);
  if (found === "file" && !force) throw new KeysError("OUTPUT_EXISTS", `${target} already exists`);
  const temp = await openTempFile(target, uid);
  await sweepTempFiles(temp);
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
