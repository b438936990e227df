import { randomBytes } from "node:crypto";
import { dirname, join } from "node:path";
import { isEpoch } from "../../core/duration.ts";
import { isCount } from "../../core/type-guards.ts";
import type { Use } from "../store.ts";
import { Uses } from "../uses.ts";
import type { Disk } from "./disk/disk.ts";
import { codeOf, faultOf } from "./disk/fault.ts";
import { ensureFolder } from "./disk/folder.ts";
import type { JournalLocation } from "./disk/folder.ts";
import { openPrivate } from "./disk/open.ts";
import { sidecars } from "./disk/sidecars.ts";
import { readUnforged, stateOfUnforged } from "./disk/unforged.ts";

/** In nanoseconds. A file not written for this long is taken over by another process. */
const IDLE_NS = 86_400_000_000_000n;
/** With more files than this, active ones are taken over too. Their processes create them again. */
const MAX_FILES = 32;

/**
 * Stores when versions were last used. Each process that records uses has its own small file next to the journal and replaces it
 * as a whole; readers take the latest time of all files. The times are not part of the history. Only regular files count that the
 * user owns and nobody else can write. Everything else, and a malformed file, is ignored: it must not stop the store.
 */
export class LastUsedFiles {
  readonly #disk: Disk;
  readonly #location: JournalLocation;
  readonly #folder: string;
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
      const state = await stateOfUnforged(this.#disk, path, this.#location);
      const fingerprint = typeof state === "string" ? state : `${state.ino} ${state.size} ${state.modified}`;
      if (state === "ignored" || this.#read.get(path) === fingerprint) continue;
      const text = await this.#textOf(path);
      if (text === null) complete = false;
      else {
        for (const use of parseUses(text)) this.#all.add(use);
        this.#read.set(path, fingerprint);
      }
    }
    return complete;
  }

  async #list(): Promise<string[]> {
    const listed = await sidecars(this.#disk, this.#location, ["uses"]);
    return listed.map(({ name }) => join(this.#folder, name));
  }

  /** Returns the content of a file, `""` if it is not the store's, or `null` if it is missing. */
  async #textOf(path: string): Promise<string | null> {
    const read = await readUnforged(this.#disk, path, this.#location);
    return read === "missing" ? null : read === "ignored" ? "" : read.text;
  }

  async #write(): Promise<void> {
    const temporary = `${this.#own}.tmp`;
    await this.#disk.unlink(temporary).catch(() => {});
    const opened = await openPrivate(this.#disk, temporary, "create", this.#location);
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
    const own = await stateOfUnforged(this.#disk, this.#own, this.#location);
    const now = typeof own === "string" ? 0n : own.modified;
    await this.#removeDrafts(now);
    const others = (await this.#list()).filter((path) => path !== this.#own);
    const taken: string[] = [];
    for (const path of others) {
      const state = await stateOfUnforged(this.#disk, path, this.#location);
      if (typeof state === "string" || (others.length <= MAX_FILES && now - state.modified < IDLE_NS)) continue;
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

  /** Removes what killed processes left half-written: nothing else ever reads or replaces it. */
  async #removeDrafts(now: bigint): Promise<void> {
    for (const { name } of await sidecars(this.#disk, this.#location, ["draft"])) {
      const path = join(this.#folder, name);
      const state = await stateOfUnforged(this.#disk, path, this.#location);
      if (typeof state === "string" || now - state.modified < IDLE_NS) continue;
      await this.#disk.unlink(path).catch(() => {});
    }
  }

  async #claim(from: string, to: string): Promise<boolean> {
    try {
      await this.#disk.rename(from, to);
      return true;
    } catch (cause) {
      // Gone, or a file of another user that only they may rename.
      if (["ENOENT", "EACCES", "EPERM"].includes(codeOf(cause) ?? "")) return false;
      throw faultOf(cause, "replace", from);
    }
  }

  #newPath(): string {
    return `${this.#location.path}.used.${randomBytes(8).toString("hex")}`;
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
  return typeof id === "string" && isCount(n) && isEpoch(at);
}
