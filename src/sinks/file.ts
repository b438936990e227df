import type { Stats } from "node:fs";
import { lstat, open, stat } from "node:fs/promises";
import { dirname, resolve, sep } from "node:path";
import { CODES, KeysError } from "../errors.ts";
import { openDeviceSink } from "./device.ts";
import { errnoOf, fileFault } from "./file-fault.ts";
import { once } from "./once.ts";
import type { Sink } from "./sink.ts";
import { sweepTempFiles } from "./sweep.ts";
import { openTempFile, placeTempFile, removeTempFile, type TempFile } from "./temp-file.ts";

export interface FileOptions {
  /** Whether a file that is there may be replaced. */
  readonly force: boolean;
  /** The user's numeric id, or `null` where there is none (Windows): owners and modes are then not checked. */
  readonly uid: number | null;
}

/**
 * A file that only its owner can read (0600). The text is written to a file of its own beside it, which takes the name when it
 * is whole and on disk: nobody ever sees half a token, and a crash leaves the old file or the new one. That file is created
 * here, so that a folder that cannot be written fails first. A symbolic link is refused, unless it leads to a pipe or device
 * (`/dev/stdout`, `>(command)`), which is written directly.
 * @throws {@link KeysError} `OUTPUT_EXISTS` when there is a file and no `force`; `DELIVERY_FAILED`
 */
export async function openFileSink(path: string, { force, uid }: FileOptions): Promise<Sink> {
  const target = resolve(path);
  if (path.endsWith("/") || path.endsWith(sep)) throw isFolder(target);
  const found = await look(target);
  if (found === "device") return openDeviceSink(target, uid);
  if (found === "file" && !force) throw new KeysError("OUTPUT_EXISTS", `${target} is already there`);
  const temp = await openTempFile(target, uid);
  await sweepTempFiles(temp);
  return once(`file:${target}`, {
    deliver: (text) => deliver(text, temp, target, force),
    discard: () => removeTempFile(temp),
  });
}

async function look(path: string): Promise<"nothing" | "file" | "device"> {
  try {
    const found = await lstat(path);
    if (found.isFile()) return "file";
    if (found.isDirectory()) throw isFolder(path);
    if (isDevice(found.isSymbolicLink() ? await stat(path).catch(() => null) : found)) return "device";
    if (!found.isSymbolicLink()) throw new KeysError("DELIVERY_FAILED", `${path} is neither a file nor a pipe`);
  } catch (cause) {
    if (cause instanceof KeysError) throw cause;
    if (errnoOf(cause) === "ENOENT") return "nothing";
    throw fileFault(path, cause);
  }
  throw new KeysError("DELIVERY_FAILED", `${path} is a symbolic link`, {
    hint: "name the file itself; a link is not followed, so that nobody can lead the token elsewhere",
  });
}

function isDevice(found: Stats | null): boolean {
  return found !== null && (found.isFIFO() || found.isCharacterDevice());
}

function isFolder(path: string): KeysError {
  return new KeysError("DELIVERY_FAILED", `${path} is a folder`, { hint: "name a file in it" });
}

async function deliver(text: string, temp: TempFile, target: string, force: boolean): Promise<void> {
  try {
    await temp.handle.writeFile(text);
    await temp.handle.sync();
    await placeTempFile(temp.path, target, force);
  } catch (cause) {
    // Placed, though not tidily: to empty it now would empty the file that was delivered.
    if (cause instanceof KeysError) throw cause;
    await removeTempFile(temp);
    if (errnoOf(cause) !== "EEXIST") throw fileFault(target, cause);
    const { hint } = CODES.OUTPUT_EXISTS;
    throw new KeysError("DELIVERY_FAILED", `${target} was created by somebody else meanwhile`, { hint, cause });
  } finally {
    await temp.handle.close().catch(() => undefined);
  }
  await syncFolder(dirname(target));
}

/** Makes the new name durable. Where folders cannot be opened or synced (Windows, some network disks) there is nothing to do. */
async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, "r").catch(() => null);
  try {
    await handle?.sync();
  } catch (cause) {
    if (errnoOf(cause) !== "EIO") return;
    throw new KeysError("DELIVERY_UNCERTAIN", `the disk may have lost the new name in ${path}`, { cause });
  } finally {
    await handle?.close().catch(() => undefined);
  }
}
