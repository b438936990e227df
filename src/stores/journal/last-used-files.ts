import { randomBytes } from "node:crypto";
import { basename, dirname, join } from "node:path";
import type { Use } from "../store.ts";
import { Uses } from "../uses.ts";
import type { Disk } from "./disk/disk.ts";
import { codeOf, faultOf } from "./disk/fault.ts";
import { ensureFolder } from "./disk/folder.ts";
import type { JournalLocation } from "./disk/folder.ts";
import { openPrivate, stateOf } from "./disk/open.ts";

/** In nanoseconds. A file not written for this long is taken over by another process. */
const IDLE_NS = 86_400_000_000_000n;
/** With more files than this, active ones are taken over too. Their processes create them again. */
const MAX_FILES = 32;

/**
 * Stores when versions were last used. Each process that records uses has its own small file next to the journal and replaces it
 * as a whole; readers take the latest time of all files. The times are not part of the history, and a malformed file is ignored.
 */
export class LastUsedFiles {
  readonly #disk: Disk;
  readonly #location: JournalLocation;
  readonly #folder: string;
  readonly #prefix: string;
  readonly #own: string;
  /** The times that this process recorded or took over. */
  readonly #mine = new Uses();
  readonly #all = new Uses();
  /** Path → the state of the file when it was read. Unchanged files are not read again. */
  readonly #read = new Map<string, string>();
  #hasTakenOver = false;

  constructor(disk: Disk, location: JournalLocation) {
    this.#disk = disk;
    this.#location = location;
    this.#folder = dirname(location.path);
    this.#prefix = `${basename(location.path)}.used.`;
    this.#own = this.#newPath();
  }

  /** Returns the latest times of all files. */
  async read(): Promise<Uses> {
    // A listed file that disappears was taken over, so its content is in another file.
    for (let attempt = 0; attempt < 5; attempt++) if (await this.#readAll()) break;
    return this.#all;
  }

  /** Records uses and flushes them to disk. */
  async add(batch: readonly Use[]): Promise<void> {
    // `filter` rather than `some`, because every use must be added.
    if (batch.filter((use) => this.#mine.add(use)).length === 0) return;
    await ensureFolder(this.#disk, this.#location);
    await this.#write();
    if (!this.#hasTakenOver) await this.#takeOver();
    this.#hasTakenOver = true;
  }

  async #readAll(): Promise<boolean> {
    let complete = true;
    for (const path of await this.#list()) {
      const state = await stateOf(this.#disk, path, this.#location.uid);
      const fingerprint = state === null ? "" : `${state.ino} ${state.size} ${state.modified}`;
      if (state !== null && this.#read.get(path) === fingerprint) continue;
      const text = state === null ? null : await this.#textOf(path);
      if (text === null) complete = false;
      else {
        for (const use of parseUses(text)) this.#all.add(use);
        this.#read.set(path, fingerprint);
      }
    }
    return complete;
  }

  async #list(): Promise<string[]> {
    try {
      const names = await this.#disk.readdir(this.#folder);
      return names
        .filter((name) => name.startsWith(this.#prefix) && !name.endsWith(".tmp"))
        .map((name) => join(this.#folder, name));
    } catch (cause) {
      if (codeOf(cause) === "ENOENT") return [];
      throw faultOf(cause, "read", this.#folder);
    }
  }

  async #textOf(path: string): Promise<string | null> {
    const opened = await openPrivate(this.#disk, path, "read", this.#location.uid);
    if (opened === null) return null;
    try {
      return await opened.handle.readFile("utf8");
    } catch (cause) {
      throw faultOf(cause, "read", path);
    } finally {
      await opened.handle.close();
    }
  }

  async #write(): Promise<void> {
    const temporary = `${this.#own}.tmp`;
    await this.#disk.unlink(temporary).catch(() => {});
    const opened = await openPrivate(this.#disk, temporary, "create", this.#location.uid);
    if (opened === null) throw faultOf(new Error(), "create", temporary);
    try {
      await opened.handle.writeFile(formatUses(this.#mine));
      await opened.handle.sync();
      await opened.handle.close();
      await this.#disk.rename(temporary, this.#own);
    } catch (cause) {
      await opened.handle.close().catch(() => {});
      await this.#disk.unlink(temporary).catch(() => {});
      throw faultOf(cause, "write", this.#own);
    }
  }

  /** Takes over the files of ended processes. File times use the clock of the file system, so the file just written gives the current time. */
  async #takeOver(): Promise<void> {
    const now = (await stateOf(this.#disk, this.#own, this.#location.uid))?.modified ?? 0n;
    const others = (await this.#list()).filter((path) => path !== this.#own);
    const taken: string[] = [];
    for (const path of others) {
      const state = await stateOf(this.#disk, path, this.#location.uid);
      if (state === null || (others.length <= MAX_FILES && now - state.modified < IDLE_NS)) continue;
      const claimed = this.#newPath();
      // Renamed before reading: if its owner still writes, that creates a new file and loses nothing.
      if (!(await this.#claim(path, claimed))) continue;
      for (const use of parseUses((await this.#textOf(claimed)) ?? "")) this.#mine.add(use);
      taken.push(claimed);
    }
    if (taken.length === 0) return;
    await this.#write();
    for (const path of taken) await this.#disk.unlink(path).catch(() => {});
  }

  async #claim(from: string, to: string): Promise<boolean> {
    try {
      await this.#disk.rename(from, to);
      return true;
    } catch (cause) {
      if (codeOf(cause) === "ENOENT") return false;
      throw faultOf(cause, "replace", from);
    }
  }

  #newPath(): string {
    return join(this.#folder, this.#prefix + randomBytes(8).toString("hex"));
  }
}

function formatUses(uses: Uses): string {
  return `${JSON.stringify({ v: 1, uses: [...uses].map(({ id, n, at }) => [id, n, at]) })}\n`;
}

function parseUses(text: string): Use[] {
  try {
    const { uses } = JSON.parse(text) as { uses: [string, number, number][] };
    return uses.filter(isUse).map(([id, n, at]) => ({ id, n, at }));
  } catch {
    return [];
  }
}

function isUse(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 3) return false;
  const [id, n, at] = value as unknown[];
  return typeof id === "string" && Number.isSafeInteger(n) && Number.isSafeInteger(at);
}
