import { randomBytes } from "node:crypto";
import { dirname, join } from "node:path";
import type { UsageNews, Use } from "../../core/usage.ts";
import { KeysError } from "../../errors.ts";
import { Uses } from "../uses.ts";
import type { Disk } from "./disk/disk.ts";
import { codeOf, faultOf } from "./disk/fault.ts";
import { ensureFolder } from "./disk/folder.ts";
import type { JournalLocation } from "./disk/folder.ts";
import { openPrivate } from "./disk/open.ts";
import { sidecars } from "./disk/sidecars.ts";
import { readUnforged, stateOfUnforged } from "./disk/unforged.ts";
import { formatUses, parseUses } from "./format/use-file.ts";

/** In nanoseconds. A file not written for this long is taken over by another process. */
const IDLE_NS = 86_400_000_000_000n;
/** How often a pass over all files is repeated because others move them meanwhile. */
const ATTEMPTS = 5;
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
  #ownPath: string | undefined;
  /** The times that this process recorded or took over. */
  #mine = new Uses();
  #all = new Uses();
  /** Path → the state of the file when it was read. Unchanged files are not read again. */
  readonly #read = new Map<string, string>();
  #hasTakenOver = false;
  /** Whether this process wrote its file. */
  #isWritten = false;

  constructor(disk: Disk, location: JournalLocation) {
    this.#disk = disk;
    this.#location = location;
    this.#folder = dirname(location.path);
  }

  /** Chosen on first use: a command that only reads needs no random name. */
  get #own(): string {
    return (this.#ownPath ??= this.#newPath());
  }

  /** Returns the latest times of all files. */
  async read(): Promise<Uses> {
    // A listed file that disappears was taken over, so its content is in another file.
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) if (await this.#readAll()) break;
    return this.#all;
  }

  /** Records uses and news, and flushes them to disk. */
  async add(batch: readonly Use[], news: UsageNews = {}): Promise<void> {
    await this.#dropTaken();
    // `filter` rather than `some`, because every use must be added.
    const newer = batch.filter((use) => this.#mine.add(use)).length;
    if (!this.#mine.addNews(news) && newer === 0) return;
    await ensureFolder(this.#disk, this.#location);
    await this.#write();
    if (!this.#hasTakenOver) await this.#takeOver();
    this.#hasTakenOver = true;
  }

  /**
   * Drops a server from all files, or with `null` that a keyset was published. Returns whether there was anything.
   * @throws {@link KeysError} `STORE_UNAVAILABLE` if it is in a file that only another user can replace
   */
  async forget(server: string | null): Promise<boolean> {
    await this.#dropTaken();
    let found = false;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const holders: string[] = [];
      for (const path of await this.#list()) {
        if (parseUses((await this.#textOf(path)) ?? "").forget(server)) holders.push(path);
      }
      if (holders.length === 0) return found;
      found = true;
      const claimed = await this.#claimAll(holders.filter((path) => path !== this.#own));
      // A process whose file is gone starts a new one, so nobody writes the server again who has not seen it.
      await this.#merge(claimed, (uses) => uses.forget(server));
    }
    throw new KeysError("STORE_UNAVAILABLE", `other users keep the last-used times in ${this.#location.path}.used.*`, {
      hint: "run the same command as the user of that server",
    });
  }

  async #readAll(): Promise<boolean> {
    let complete = true;
    const paths = await this.#list();
    // A file that is gone was taken over, but perhaps without all of its content.
    if ([...this.#read.keys()].some((path) => !paths.includes(path))) this.#startAgain();
    for (const path of paths) {
      const state = await stateOfUnforged(this.#disk, path, this.#location);
      const fingerprint = typeof state === "string" ? state : `${state.ino} ${state.size} ${state.modified}`;
      if (state === "ignored" || this.#read.get(path) === fingerprint) continue;
      const text = await this.#textOf(path);
      if (text === null) complete = false;
      else {
        this.#all.addAll(parseUses(text));
        this.#read.set(path, fingerprint);
      }
    }
    return complete;
  }

  #startAgain(): void {
    this.#read.clear();
    this.#all = new Uses();
  }

  /** Drops the times that this process wrote if its file is gone: another process has them now, or somebody removed them. */
  async #dropTaken(): Promise<void> {
    if (!this.#isWritten || (await stateOfUnforged(this.#disk, this.#own, this.#location)) !== "missing") return;
    this.#mine = new Uses();
    this.#isWritten = false;
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
      this.#isWritten = true;
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
    const idle: string[] = [];
    for (const path of others) {
      const state = await stateOfUnforged(this.#disk, path, this.#location);
      if (typeof state === "string" || (others.length <= MAX_FILES && now - state.modified < IDLE_NS)) continue;
      idle.push(path);
    }
    const claimed = await this.#claimAll(idle);
    if (claimed.length > 0) await this.#merge(claimed);
  }

  /** Gives files new names. Renamed before reading: if their owner still writes, that creates a new file and loses nothing. */
  async #claimAll(paths: readonly string[]): Promise<string[]> {
    const claimed: string[] = [];
    for (const path of paths) {
      const to = this.#newPath();
      if (await this.#claim(path, to)) claimed.push(to);
    }
    return claimed;
  }

  /** Adds the times of claimed files to the own file, and removes them. */
  async #merge(claimed: readonly string[], change: (uses: Uses) => unknown = () => undefined): Promise<void> {
    for (const path of claimed) this.#mine.addAll(parseUses((await this.#textOf(path)) ?? ""));
    change(this.#mine);
    await this.#write();
    for (const path of claimed) await this.#disk.unlink(path).catch(() => {});
    this.#startAgain();
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
