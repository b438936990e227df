import { closeSync, constants, fstatSync, openSync, statSync, writeSync, type Stats } from "node:fs";
import { platform } from "node:process";
import type { OutputStream } from "./io.ts";

/**
 * Opens stdout or stderr. The stream is created on first use, because that takes longer than a short command.
 * @param fd - 1 or 2
 * @param getStream - returns Node's stream of that descriptor
 */
export function openOutput(
  fd: 1 | 2,
  getStream: () => NodeJS.WriteStream,
  env: Readonly<Record<string, string | undefined>>,
): OutputStream {
  let opened: NodeJS.WriteStream | undefined;
  // Without a listener a closed pipe would end the process. The failed write rejects, and `run` handles that.
  const open = () => (opened ??= getStream().on("error", () => undefined));
  const terminal = () => (isDevice(fd) && open().isTTY ? open() : null);
  return {
    write: async (text) => {
      const found = statOf(fd);
      if (found !== null && (found.isFile() || isNullDevice(found))) {
        await writeToFile(fd, text);
        return;
      }
      const bytes = Buffer.from(text);
      const written = opened === undefined && found?.isFIFO() === true ? writeToPipe(fd, bytes) : 0;
      if (written < bytes.length) await writeToStream(open(), bytes.subarray(written));
    },
    get fault() {
      return findFault(fd);
    },
    get isTerminal() {
      return terminal() !== null;
    },
    get colors() {
      return colorsOf(env, terminal);
    },
    get columns() {
      return terminal()?.columns ?? 80;
    },
  };
}

function writeToStream(stream: NodeJS.WriteStream, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(bytes, (error) => {
      if (error == null) resolve();
      else reject(error);
    });
  });
}

/**
 * Writes to a pipe without Node's stream. Never waits: it opens the pipe a second time for that, because other processes share the
 * first.
 * @returns how many bytes were written; 0 if the pipe is full, has no reader, or cannot be opened
 */
function writeToPipe(fd: 1 | 2, bytes: Buffer): number {
  if (platform !== "linux") return 0;
  let own: number | undefined;
  try {
    own = openSync(`/proc/self/fd/${String(fd)}`, constants.O_WRONLY | constants.O_NONBLOCK);
    return writeSync(own, bytes);
  } catch {
    return 0;
  } finally {
    if (own !== undefined) closeSync(own);
  }
}

/** Node's stream for a file ignores that a nearly full disk takes only a part of the text. */
function writeToFile(fd: number, text: string): Promise<void> {
  return new Promise((resolve) => {
    const bytes = Buffer.from(text);
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(fd, bytes, written);
    } catch (error) {
      throw Object.assign(error as Error, { written });
    }
    resolve();
  });
}

/**
 * Finds out whether a token written to a descriptor would be lost. Node opens the null device for a closed
 * descriptor, so the two look alike.
 */
function findFault(fd: number): string | null {
  const found = statOf(fd);
  if (found === null) return "standard output is closed";
  if (isNullDevice(found)) return "standard output is closed or goes to /dev/null, so the token would be lost";
  // An empty write has no effect, and fails for a descriptor that was opened for reading. A socket may send it.
  if (found.isSocket()) return null;
  try {
    writeSync(fd, new Uint8Array(0));
    return null;
  } catch (error) {
    return `standard output cannot be written to (${String((error as NodeJS.ErrnoException).code)})`;
  }
}

function isNullDevice(found: Stats): boolean {
  if (!found.isCharacterDevice() || platform === "win32") return false;
  try {
    return statSync("/dev/null").rdev === found.rdev;
  } catch {
    return false; // no such device in this container
  }
}

/** Returns the colour depth: NO_COLOR wins, then TERM=dumb, then FORCE_COLOR, then the terminal's own colour depth. */
function colorsOf(
  env: Readonly<Record<string, string | undefined>>,
  open: () => NodeJS.WriteStream | null,
): OutputStream["colors"] {
  const { NO_COLOR: none, FORCE_COLOR: forced, TERM: terminal } = env;
  if (none !== undefined && none !== "") return 0;
  if (terminal === "dumb") return 0;
  if (forced !== undefined && forced !== "") return forced === "0" || forced === "false" ? 0 : 1;
  const depth = open()?.getColorDepth() ?? 1;
  return depth >= 24 ? 3 : depth >= 8 ? 2 : depth >= 4 ? 1 : 0;
}

/** Tells whether a descriptor may be a terminal. `/dev/null` is a device too, but none of these. */
export function isDevice(fd: number): boolean {
  const found = statOf(fd);
  return found === null || (found.isCharacterDevice() && !isNullDevice(found));
}

/** Tells whether a descriptor was a terminal that has gone. */
export function isHungUp(fd: number): boolean {
  if (!isDevice(fd)) return false;
  try {
    writeSync(fd, new Uint8Array(0));
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EIO";
  }
}

/** Returns what a descriptor is, or `null` if the parent process closed it. */
export function statOf(fd: number): Stats | null {
  try {
    return fstatSync(fd);
  } catch {
    return null;
  }
}
