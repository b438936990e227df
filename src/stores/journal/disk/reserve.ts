import { randomBytes } from "node:crypto";
import { dirname } from "node:path";
import { canBeForged } from "../../file-access.ts";
import type { Operation } from "../../store.ts";
import type { Disk } from "./disk.ts";
import { notSaved } from "./append.ts";
import { codeOf, isFull } from "./fault.ts";
import { syncFolder } from "./folder.ts";
import type { JournalLocation } from "./folder.ts";
import { openPrivate } from "./open.ts";

/** Room for a few records, in bytes. */
const SIZE = 32 * 1024;

/** The changes that end access, or that finish a delivery. They must work on a full disk. */
const MAY_USE: readonly Operation[] = ["revoke", "disable", "finish", "abort", "promote"];

/** Whether a change may use the reserve. All others must leave one behind. */
export function mayUseReserve(op: Operation): boolean {
  return MAY_USE.includes(op);
}

/** A file that holds disk space next to a journal, and is removed when a change that ends access needs the space. */
export class Reserve {
  readonly #disk: Disk;
  readonly #location: JournalLocation;
  readonly #path: string;

  constructor(disk: Disk, location: JournalLocation) {
    this.#disk = disk;
    this.#location = location;
    this.#path = `${location.path}.reserve`;
  }

  /**
   * Creates the file if it is missing. A file system that cannot create it for another reason than space keeps no reserve.
   * @throws {@link KeysError} `STORE_UNAVAILABLE` on a full disk
   */
  async keep(): Promise<void> {
    const size = await this.#size();
    if (size === "foreign" || size >= SIZE) return;
    if (size >= 0) await this.#disk.unlink(this.#path).catch(() => {});
    try {
      const opened = await openPrivate(this.#disk, this.#path, "create", this.#location);
      if (opened === null) return;
      try {
        // Random, because some file systems compress zeros to nothing.
        await opened.handle.appendFile(randomBytes(SIZE));
        await opened.handle.sync();
      } finally {
        await opened.handle.close();
      }
    } catch (cause) {
      await this.#disk.unlink(this.#path).catch(() => {});
      if (isFull(cause)) throw notSaved(cause, this.#location.path);
    }
  }

  /** Frees the space. Returns `false` if there was none. */
  async release(): Promise<boolean> {
    const size = await this.#size();
    if (size === "foreign" || size < 0) return false;
    try {
      await this.#disk.unlink(this.#path);
      // Some file systems free the space only with the change of the folder.
      await syncFolder(this.#disk, dirname(this.#path));
      return true;
    } catch {
      return false;
    }
  }

  /** Returns the size in bytes, −1 if the file is missing, or `foreign` if it is not the store's. */
  async #size(): Promise<number | "foreign"> {
    try {
      const stat = await this.#disk.lstat(this.#path);
      return stat.isFile() && !canBeForged(stat, this.#location) ? stat.size : "foreign";
    } catch (cause) {
      return codeOf(cause) === "ENOENT" ? -1 : "foreign";
    }
  }
}
