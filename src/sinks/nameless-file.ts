import { constants } from "node:fs";
import { open, unlink, type FileHandle } from "node:fs/promises";
import { platform, tmpdir } from "node:os";
import { join } from "node:path";
import { fileFault } from "./file-fault.ts";
import { openTempFile, sweepTempFiles } from "./temp-file.ts";

/** Not among Node's constants. The same on every processor that Node runs on. */
const O_TMPFILE = 0o20_000_000 | constants.O_DIRECTORY;

/**
 * Writes a text to a file without a name, and returns it open at its start: a process that is killed leaves nothing. The file never
 * has a name on Linux; where that is not possible, it loses its name before the text is written.
 * @param folder - for the file
 * @param asTemporary - opens a file that never has a name, or throws
 * @throws `KeysError` `DELIVERY_FAILED`
 */
export async function openNamelessFile(
  text: string,
  folder = tmpdir(),
  asTemporary = openUnnamed,
): Promise<FileHandle> {
  const file = await asTemporary(folder).catch(() => openAndUnlink(join(folder, "input")));
  try {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length;) at += (await file.write(bytes, at, bytes.length - at, at)).bytesWritten;
    return file;
  } catch (cause) {
    await file.close().catch(() => undefined);
    throw fileFault(join(folder, "input"), cause);
  }
}

async function openUnnamed(folder: string): Promise<FileHandle> {
  if (platform() !== "linux") throw new Error("only Linux has O_TMPFILE");
  return open(folder, O_TMPFILE | constants.O_EXCL | constants.O_RDWR, 0o600);
}

async function openAndUnlink(path: string): Promise<FileHandle> {
  const temp = await openTempFile(path, null);
  await sweepTempFiles(path, null, temp);
  await unlink(temp.path).catch(async (cause: unknown) => {
    await temp.handle.close();
    throw fileFault(temp.path, cause);
  });
  return temp.handle;
}
