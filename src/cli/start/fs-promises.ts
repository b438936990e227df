import fs, { constants } from "node:fs";

/**
 * The functions of `node:fs/promises` that the program uses. The build puts this file in the place of that module, which loads twenty
 * others and takes longer than reading a store. `test/cli/start/fs-promises.test.ts` compares the two.
 */

type Args = readonly unknown[];
type Method = (...args: Args) => unknown;

export const access = (...args: Args): Promise<unknown> => settle("access", args);
export const link = (...args: Args): Promise<unknown> => settle("link", args);
export const lstat = (...args: Args): Promise<unknown> => settle("lstat", args);
export const mkdir = (...args: Args): Promise<unknown> => settle("mkdir", args);
export const readdir = (...args: Args): Promise<unknown> => settle("readdir", args);
export const readFile = (...args: Args): Promise<unknown> => settle("readFile", args);
export const rename = (...args: Args): Promise<unknown> => settle("rename", args);
export const stat = (...args: Args): Promise<unknown> => settle("stat", args);
export const unlink = (...args: Args): Promise<unknown> => settle("unlink", args);
export const writeFile = (...args: Args): Promise<unknown> => settle("writeFile", args);

/** Unlike `realpath` of `node:fs`, that of `node:fs/promises` asks the system. */
export async function realpath(path: string): Promise<string> {
  return fs.realpathSync.native(path);
}

export async function open(...args: Args): Promise<Handle> {
  const [, flags] = args;
  const neverWaits = typeof flags === "number" && (flags & constants.O_NONBLOCK) !== 0;
  return new Handle((await settle("open", args, neverWaits)) as number, neverWaits);
}

/** Stands for a `FileHandle`. */
class Handle {
  #fd: number;
  readonly #neverWaits: boolean;

  constructor(fd: number, neverWaits: boolean) {
    this.#fd = fd;
    this.#neverWaits = neverWaits;
  }

  /** -1 once it is closed. */
  get fd(): number {
    return this.#fd;
  }

  appendFile(...args: Args): Promise<unknown> {
    return this.#settle("appendFile", args);
  }

  chmod(...args: Args): Promise<unknown> {
    return this.#settle("fchmod", args);
  }

  async close(): Promise<void> {
    const fd = this.#fd;
    this.#fd = -1;
    if (fd !== -1) await settle("close", [fd]);
  }

  createReadStream(options: object): fs.ReadStream {
    return fs.createReadStream("", { ...options, fd: this.#fd });
  }

  async read(buffer: Uint8Array, ...args: Args): Promise<{ bytesRead: number; buffer: Uint8Array }> {
    const [offset = 0, length = buffer.length, position = null] = args;
    return { bytesRead: (await this.#settle("read", [buffer, offset, length, position])) as number, buffer };
  }

  readFile(...args: Args): Promise<unknown> {
    return this.#settle("readFile", args);
  }

  stat(...args: Args): Promise<unknown> {
    return this.#settle("fstat", args);
  }

  sync(): Promise<unknown> {
    return this.#settle("fsync", []);
  }

  truncate(...args: Args): Promise<unknown> {
    return this.#settle("ftruncate", args);
  }

  async write(buffer: Uint8Array, ...args: Args): Promise<{ bytesWritten: number; buffer: Uint8Array }> {
    return { bytesWritten: (await this.#settle("write", [buffer, ...args])) as number, buffer };
  }

  writeFile(...args: Args): Promise<unknown> {
    return this.#settle("writeFile", args);
  }

  #settle(name: keyof typeof fs, args: Args): Promise<unknown> {
    if (this.#fd === -1) return Promise.reject(Object.assign(new Error("EBADF: file closed"), { code: "EBADF" }));
    // A flush may take seconds on a busy disk.
    const neverWaits = this.#neverWaits && name !== "fsync";
    return settle(name, [this.#fd, ...args], neverWaits);
  }
}

/** Calls that do not wait for anything but the disk. Others may wait for a pipe, a terminal or a full cache. */
const AT_ONCE = "access close fchmod fstat ftruncate link lstat mkdir readdir rename stat unlink".split(" ");
/**
 * So many calls return at once: a thread takes longer than the call, and the first one takes longer than all calls of a command. Later
 * calls use threads, because a command that reads many files has to notice Ctrl-C.
 */
let atOnce = 250;

/**
 * Calls the function that returns at once, or the one with a callback after the arguments.
 * @param neverWaits - it was opened with `O_NONBLOCK`
 */
async function settle(name: keyof typeof fs, args: Args, neverWaits = AT_ONCE.includes(name)): Promise<unknown> {
  if (neverWaits && atOnce-- > 0) return (fs[`${name}Sync` as keyof typeof fs] as unknown as Method)(...args);
  return new Promise((resolve, reject) => {
    (fs[name] as unknown as Method)(...args, (error: Error | null | undefined, value: unknown) => {
      if (error == null) resolve(value);
      else reject(error);
    });
  });
}
