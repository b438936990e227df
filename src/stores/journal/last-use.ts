import { randomBytes } from "node:crypto";
import { basename, dirname, join } from "node:path";
import type { Use } from "../store.ts";
import { Uses } from "../uses.ts";
import type { Disk } from "./disk/disk.ts";
import { codeOf, faultOf } from "./disk/fault.ts";
import { ensureFolder } from "./disk/folder.ts";
import type { Place } from "./disk/folder.ts";
import { openPrivate, stateOf } from "./disk/open.ts";

/** A file that its process has not touched for so long is taken over by another. */
const IDLE_NS = 86_400_000_000_000n;
/** So many files, and idle or not they are taken over: a busy one comes back. */
const CROWD = 32;

/**
 * When versions were last used: each process that records uses keeps a small file of its own beside the journal, replaced as
 * a whole, and readers take the latest of all. Not part of the history: a file that cannot be read counts for nothing.
 */
export class LastUse {
  readonly #disk: Disk;
  readonly #place: Place;
  readonly #folder: string;
  readonly #prefix: string;
  readonly #own: string;
  /** What this process has seen, and what it took over. */
  readonly #mine = new Uses();
  readonly #all = new Uses();
  /** What was read of each file, so that only what changed is read again. */
  readonly #read = new Map<string, string>();
  #swept = false;

  constructor(disk: Disk, place: Place) {
    this.#disk = disk;
    this.#place = place;
    this.#folder = dirname(place.path);
    this.#prefix = `${basename(place.path)}.used.`;
    this.#own = this.#fresh();
  }

  /** The latest of all files. */
  async read(): Promise<Uses> {
    // A file that vanishes between the listing and the reading was taken over: what it held stands in another.
    for (let tries = 0; tries < 5; tries++) if (await this.#readAll()) break;
    return this.#all;
  }

  /** Records uses and waits until they are on the disk. */
  async add(batch: readonly Use[]): Promise<void> {
    // `filter`, not `some`: each of them must be added.
    if (batch.filter((use) => this.#mine.add(use)).length === 0) return;
    await ensureFolder(this.#disk, this.#place);
    await this.#write();
    if (!this.#swept) await this.#sweep();
    this.#swept = true;
  }

  async #readAll(): Promise<boolean> {
    let complete = true;
    for (const path of await this.#list()) {
      const state = await stateOf(this.#disk, path, this.#place.uid);
      const mark = state === null ? "" : `${state.ino} ${state.size} ${state.modified}`;
      if (state !== null && this.#read.get(path) === mark) continue;
      const text = state === null ? null : await this.#textOf(path);
      if (text === null) complete = false;
      else {
        for (const use of parseUses(text)) this.#all.add(use);
        this.#read.set(path, mark);
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
    const opened = await openPrivate(this.#disk, path, "read", this.#place.uid);
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
    const opened = await openPrivate(this.#disk, temporary, "create", this.#place.uid);
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

  /** Takes over what other processes left. The clock is the file system's own: the time of the file just written. */
  async #sweep(): Promise<void> {
    const now = (await stateOf(this.#disk, this.#own, this.#place.uid))?.modified ?? 0n;
    const others = (await this.#list()).filter((path) => path !== this.#own);
    const taken: string[] = [];
    for (const path of others) {
      const state = await stateOf(this.#disk, path, this.#place.uid);
      if (state === null || (others.length <= CROWD && now - state.modified < IDLE_NS)) continue;
      const claimed = this.#fresh();
      // Renamed before it is read, so that nothing its owner writes meanwhile is lost: that makes a new file.
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

  #fresh(): string {
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
