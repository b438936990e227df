import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { checkAcknowledgement, checkFollowerId, type Acknowledgement, type Follower } from "../../core/follower.ts";
import { includes, type Position } from "../../core/position.ts";
import { KeysError } from "../../errors.ts";
import { machineClock, type MachineClock } from "../../process/machine-clock.ts";
import { hasEnded, processMark } from "../../process/process-mark.ts";
import type { Disk } from "./disk/disk.ts";
import { codeOf, faultOf } from "./disk/fault.ts";
import { ensureFolder, type JournalLocation } from "./disk/folder.ts";
import { openPrivate } from "./disk/open.ts";
import { sidecars } from "./disk/sidecars.ts";
import { FOLLOWER_SIZE, formatFollower, parseFollower, type FollowerRecord } from "./format/follower-file.ts";
import { readFollower } from "./read/follower.ts";

/** A day, in milliseconds. A follower that was not seen for this long is no longer listed. */
const LISTED = 86_400_000;
/** How often the own file is made again because somebody removes it. */
const ATTEMPTS = 5;
/** Files that are open at once. A process may often open only 1,024. */
const BATCH = 64;
/** The user may read the store and not write to it. */
const READ_ONLY: readonly unknown[] = ["EACCES", "EPERM", "EROFS"];

/**
 * Stores which verifiers follow a journal. Each has its own small file next to the journal and overwrites it in place: that needs no
 * space on a full disk, and no flush, because a crash of the machine ends the verifier too.
 */
export class FollowerFiles {
  readonly #disk: Disk;
  readonly #location: JournalLocation;
  readonly #clock: MachineClock;
  readonly #mark = processMark();
  readonly #open = new Map<string, FileHandle>();

  constructor(disk: Disk, location: JournalLocation, clock = machineClock()) {
    this.#disk = disk;
    this.#location = location;
    this.#clock = clock;
  }

  /** Implements {@link KeyStore.acknowledge}. */
  async acknowledge(news: Acknowledgement): Promise<void> {
    checkAcknowledgement(news);
    const path = this.#pathOf(news.id);
    try {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const handle = this.#open.get(news.id) ?? (await this.#openOwn(path));
        this.#open.set(news.id, handle);
        await this.#overwrite(handle, news);
        if (await this.#isAt(path, handle)) return;
        // Somebody has removed the file or replaced its folder, so nobody can see it.
        await this.#close(news.id);
      }
    } catch (cause) {
      await this.#close(news.id);
      throw this.#faultOf(cause, path);
    }
    throw new KeysError("STORE_UNAVAILABLE", `${path} is removed again and again`, {
      hint: `find out which program cleans ${dirname(path)}`,
    });
  }

  /** Implements {@link KeyStore.followers}. Removes the files of those that it no longer lists. */
  async list(): Promise<Follower[]> {
    const listed = await sidecars(this.#disk, this.#location, ["follower"]);
    const folder = dirname(this.#location.path);
    const found: Follower[] = [];
    for (let i = 0; i < listed.length; i += BATCH) {
      const batch = listed.slice(i, i + BATCH).map(({ name }) => this.#read(join(folder, name)));
      for (const each of await Promise.all(batch)) if (each !== null) found.push(each);
    }
    return found.sort((a, b) => compare(a.name, b.name) || compare(a.id, b.id));
  }

  /** Implements {@link KeyStore.unfollow}. */
  async unfollow(id: string): Promise<void> {
    checkFollowerId(id);
    await this.#close(id);
    const path = this.#pathOf(id);
    try {
      await this.#disk.unlink(path);
    } catch (cause) {
      if (codeOf(cause) !== "ENOENT") throw this.#faultOf(cause, path);
    }
  }

  async close(): Promise<void> {
    for (const id of [...this.#open.keys()]) await this.#close(id);
  }

  async #read(path: string): Promise<Follower | null> {
    const file = await readFollower(this.#disk, path, this.#location);
    if (file === null) return null;
    const { record, modified } = file;
    const seenAgo = record === null ? this.#clock.now() - modified : this.#ageOf(record);
    const mark = record?.mark ?? null;
    if ((mark !== null && hasEnded(mark)) || seenAgo > LISTED) {
      // A process that may only read leaves it to others.
      await this.#disk.unlink(path).catch(() => {});
      return null;
    }
    if (record === null) return null;
    const { id, name, position, lease, version } = record;
    return { id, name, position, leaseLeft: lease - seenAgo, seenAgo, version };
  }

  /** The wall clock can be set while a server runs, so it only counts where nothing else is known. */
  #ageOf({ scope, ticks, at }: FollowerRecord): number {
    const isComparable = scope !== null && scope === this.#clock.scope;
    return Math.max(0, isComparable ? this.#clock.ticks() - ticks : this.#clock.now() - at);
  }

  /** Opens the own file, which the same verifier may have made with another handle. */
  async #openOwn(path: string): Promise<FileHandle> {
    await ensureFolder(this.#disk, this.#location);
    const opened =
      (await openPrivate(this.#disk, path, "reserve", this.#location)) ??
      (await openPrivate(this.#disk, path, "overwrite", this.#location));
    if (opened === null) throw faultOf(Object.assign(new Error(), { code: "EEXIST" }), "create", path);
    return opened.handle;
  }

  async #isAt(path: string, handle: FileHandle): Promise<boolean> {
    const own = await handle.stat({ bigint: true });
    const there = await this.#disk.lstat(path, { bigint: true }).catch((cause: unknown) => {
      if (codeOf(cause) === "ENOENT") return null;
      throw cause;
    });
    return there !== null && there.ino === own.ino && there.dev === own.dev;
  }

  async #overwrite(handle: FileHandle, news: Acknowledgement): Promise<void> {
    const { id, name, lease, version } = news;
    const position = await laterOf(handle, news.position);
    const { scope } = this.#clock;
    const time = { mark: this.#mark, scope, ticks: this.#clock.ticks(), at: this.#clock.now() };
    const bytes = formatFollower({ id, name, position, lease, version, ...time });
    const { bytesWritten } = await handle.write(bytes, 0, FOLLOWER_SIZE, 0);
    if (bytesWritten < FOLLOWER_SIZE) throw Object.assign(new Error("short write"), { code: "ENOSPC" });
  }

  async #close(id: string): Promise<void> {
    const handle = this.#open.get(id);
    this.#open.delete(id);
    await handle?.close();
  }

  #pathOf(id: string): string {
    return `${this.#location.path}.follower.${nameOf(id)}`;
  }

  #faultOf(cause: unknown, path: string): KeysError {
    if (!READ_ONLY.includes(codeOf(cause instanceof KeysError ? cause.cause : cause)))
      return faultOf(cause, "write", path);
    return new KeysError("STORE_READ_ONLY", `this process may not write next to ${this.#location.path}`, { cause });
  }
}

/** Returns the position to record: a later one that is known never becomes an earlier one of the same epoch. */
async function laterOf(handle: FileHandle, position: Position): Promise<Position> {
  const { buffer } = await handle.read(Buffer.alloc(FOLLOWER_SIZE), 0, FOLLOWER_SIZE, 0);
  const known = parseFollower(buffer)?.position;
  return known !== undefined && includes(known, position) ? known : position;
}

function nameOf(id: string): string {
  return createHash("sha256").update(id).digest("hex").slice(0, 16);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
