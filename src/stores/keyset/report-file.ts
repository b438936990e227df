import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { open, readdir, rename, stat, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { KeyId } from "../../core/key.ts";
import type { Keyset } from "../../core/keyset/keyset.ts";
import type { KeyMap } from "../key-map.ts";
import { parsePath } from "../location.ts";
import { Mutex } from "../mutex.ts";
import { formatReport, MAX_REPORT, parseReports } from "../../core/usage-report.ts";
import { KeysError } from "../../errors.ts";
import { codeOf, faultOf } from "../journal/disk/fault.ts";
import type { KeyStore, NewReport, StoreWorld } from "../store.ts";
import { Uses } from "../uses.ts";

/** Milliseconds: a younger draft may belong to a process that is writing it. */
const DRAFT_AGE = 60_000;

/** The keys of a keyset, and where it comes from. */
interface ReadKeyset {
  readonly keyset: Keyset;
  readonly keyMap: KeyMap;
}

/**
 * Returns {@link KeyStore.report} for a store with the keys of a keyset.
 * @param read - returns the keyset in use
 */
export function createReporting(
  env: StoreWorld["env"],
  read: () => Promise<ReadKeyset>,
): NonNullable<KeyStore["report"]> {
  const files = new Map<string, ReportFile>();
  const mutex = new Mutex();
  return (location, report) =>
    mutex.run(async () => {
      const path = parsePath(location, env);
      const file = files.get(path) ?? new ReportFile(path);
      files.set(path, file);
      const { keyset, keyMap } = await read();
      await file.write(report, { store: keyset.store, has: (id) => keyMap.byId(id) !== null });
    });
}

/** The keyset whose use is reported. */
interface ReportedKeyset {
  /** The spec of the store that it was made from. */
  readonly store: string;
  readonly has: (id: KeyId) => boolean;
}

/**
 * A file with the uses that a server saw. It starts with those that are in the file, because a restart must not hide uses that nobody
 * has imported yet.
 */
class ReportFile {
  readonly #path: string;
  readonly #draft: string;
  readonly #uses = new Uses();
  /** The state of the file after the own write. Another process, or an import that removes it, changes it. */
  #written = "";
  #isSwept = false;

  /** @param path - absolute */
  constructor(path: string) {
    this.#path = path;
    this.#draft = `${path}.${randomBytes(8).toString("hex")}.tmp`;
  }

  /** Adds uses and replaces the file in one step. Uses of keys that are not in the keyset stay in memory. */
  async write({ server, at, uses }: NewReport, { store, has }: ReportedKeyset): Promise<void> {
    await this.#readFile();
    // One name for all, because the file has one.
    for (const { id, n, at: used } of uses) this.#uses.add({ id, n, at: used });
    const known = [...this.#uses].filter(({ id }) => has(id));
    try {
      await writeDurably(this.#draft, formatReport({ store, server, at, uses: known }));
      await rename(this.#draft, this.#path);
      this.#written = await fingerprintOf(this.#path);
    } catch (cause) {
      await unlink(this.#draft).catch(() => undefined);
      throw faultOf(cause, "write", this.#path);
    }
    if (!this.#isSwept) await this.#sweep();
    this.#isSwept = true;
  }

  /** @throws {@link KeysError} `OUTPUT_EXISTS` if the file is not a report */
  async #readFile(): Promise<void> {
    try {
      if ((await fingerprintOf(this.#path)) === this.#written) return;
      const text = await readText(this.#path);
      if (text.trim() === "") return;
      for (const { uses } of parseReports(text, this.#path)) for (const use of uses) this.#uses.add(use);
    } catch (cause) {
      if (codeOf(cause) === "ENOENT") return;
      if (!(cause instanceof KeysError)) throw faultOf(cause, "read", this.#path);
      throw new KeysError("OUTPUT_EXISTS", `${this.#path} is not a usage report and is not replaced`, {
        hint: "choose another path for `uses`, or remove the file",
        cause,
      });
    }
  }

  /** Removes the drafts of killed processes. Ages are measured by the clock of the file system. */
  async #sweep(): Promise<void> {
    const { mtimeMs: now } = await stat(this.#path).catch(() => ({ mtimeMs: 0 }));
    for (const name of await readdir(dirname(this.#path)).catch(() => [])) {
      const rest = name.startsWith(basename(this.#path)) ? name.slice(basename(this.#path).length) : "";
      if (!/^\.[0-9a-f]{16}\.tmp$/.test(rest)) continue;
      const draft = join(dirname(this.#path), name);
      const { mtimeMs } = await stat(draft).catch(() => ({ mtimeMs: now }));
      if (now - mtimeMs > DRAFT_AGE) await unlink(draft).catch(() => undefined);
    }
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  const handle = await open(path, "wx", 0o644);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function readText(path: string): Promise<string> {
  // O_NONBLOCK keeps a named pipe from blocking the open. Windows does not have it.
  const { O_NONBLOCK = 0 } = constants as Partial<typeof constants>;
  const handle = await open(path, constants.O_RDONLY | O_NONBLOCK);
  try {
    const found = await handle.stat();
    if (!found.isFile() || found.size > MAX_REPORT) throw new KeysError("REPORT_INVALID", `${path} is no report`);
    return await handle.readFile("utf8");
  } finally {
    await handle.close();
  }
}

async function fingerprintOf(path: string): Promise<string> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  return [dev, ino, size, mtimeNs, ctimeNs].join(" ");
}
