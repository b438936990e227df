import { constants, type Stats } from "node:fs";
import { access, lstat, stat } from "node:fs/promises";
import { dirname, resolve, sep } from "node:path";
import { KeysError } from "../errors.ts";
import { errnoOf, fileFault } from "./file-fault.ts";

/**
 * Returns what is at the path of a file to write.
 * @throws {@link KeysError} `DELIVERY_FAILED` for a folder, a socket, and a symbolic link unless it leads to a pipe or device
 */
export async function inspectTarget(path: string): Promise<{ target: string; found: "nothing" | "file" | "device" }> {
  const target = resolve(path);
  if (path.endsWith("/") || path.endsWith(sep)) throw folderFault(target);
  return { target, found: await inspect(target) };
}

async function inspect(path: string): Promise<"nothing" | "file" | "device"> {
  try {
    const found = await lstat(path);
    if (found.isFile()) return "file";
    if (found.isDirectory()) throw folderFault(path);
    if (isDevice(found.isSymbolicLink() ? await stat(path).catch(() => null) : found)) return "device";
    if (!found.isSymbolicLink()) throw new KeysError("DELIVERY_FAILED", `${path} is neither a file nor a pipe`);
  } catch (cause) {
    if (cause instanceof KeysError) throw cause;
    if (errnoOf(cause) === "ENOENT") return "nothing";
    throw fileFault(path, cause);
  }
  throw new KeysError("DELIVERY_FAILED", `${path} is a symbolic link`, {
    hint: "name the file itself; links are not followed, because they could send the token elsewhere",
  });
}

/**
 * Checks that a file could be created next to `path`, without creating one.
 * @throws {@link KeysError} `DELIVERY_FAILED`
 */
export async function requireWritableFolder(path: string): Promise<void> {
  await access(dirname(path), constants.W_OK | constants.X_OK).catch((cause: unknown) => {
    throw fileFault(path, cause);
  });
}

function isDevice(found: Stats | null): boolean {
  return found !== null && (found.isFIFO() || found.isCharacterDevice());
}

function folderFault(path: string): KeysError {
  return new KeysError("DELIVERY_FAILED", `${path} is a folder`, { hint: "name a file in it" });
}
