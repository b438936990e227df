import type { Digest } from "../../../core/digest.ts";
import type { Key, KeyId, KeyName } from "../../../core/key.ts";
import type { Lookup } from "../../draft.ts";
import { Ledger } from "../../ledger.ts";
import type { Chain } from "../format/chain.ts";
import type { Place } from "../disk/folder.ts";
import { checkKind } from "../format/kind.ts";
import { parseRecord } from "../format/record.ts";
import { Scan } from "./scan.ts";

/** Up to this many bytes a journal is parsed as it is read. */
const SMALL = 256 * 1024;
/** After so many searches through the bytes, parsing them all is cheaper. */
const PATIENCE = 24;

/**
 * The keys of a journal that is being read: bytes to search while only a few are asked for, a {@link Ledger} from then on.
 * A command that needs one key of a hundred thousand does not parse the others. Who only follows the journal lets them go.
 */
export class LazyKeys implements Lookup {
  #ledger: Ledger | null = new Ledger();
  readonly #place: Place;
  readonly #voids: ReadonlySet<number>;
  #scan: Scan | null;

  /** @param whole - All keys will be asked for, so that there is no use in keeping the bytes. */
  constructor(place: Place, voids: ReadonlySet<number>, size: number, whole: boolean) {
    this.#place = place;
    this.#voids = voids;
    this.#scan = whole || size <= SMALL ? null : new Scan(place.path, voids);
  }

  /** Whether they were let go: then there is nothing to ask for. */
  get isReleased(): boolean {
    return this.#ledger === null;
  }

  /** Frees what is held. What comes from now on is still checked, and not kept. */
  release(): void {
    this.#ledger = null;
    this.#scan = null;
  }

  /** Whether what is passed to {@link LazyKeys.walk} must stay as it is. */
  get keepsBytes(): boolean {
    return this.#scan !== null;
  }

  /** Walks the chain through `bytes` and takes what applies. Returns how many bytes are decided. */
  walk(chain: Chain, bytes: Buffer): number {
    const base = chain.offset;
    if (base === 0) checkKind(this.#place, bytes);
    const scan = this.#scan;
    if (scan === null) return chain.walk(bytes, (...line) => this.#take(...line));
    const length = chain.walk(bytes, () => true);
    scan.add(bytes.subarray(0, length), base);
    return length;
  }

  /** Takes whole lines without looking at their chain: to be used only when a mark says that somebody else has. */
  restore(bytes: Buffer, base: number): void {
    if (base === 0) checkKind(this.#place, bytes);
    const scan = this.#scan ?? new Scan(this.#place.path, this.#voids);
    scan.add(bytes, base);
    if (scan !== this.#scan) this.#drain(scan);
  }

  byId(id: KeyId): Key | null {
    return this.#lookup().byId(id);
  }

  byName(name: KeyName): Key | null {
    return this.#lookup().byName(name);
  }

  byDigest(digest: Digest): Key | null {
    return this.#lookup().byDigest(digest);
  }

  /** All keys, by which the bytes are given up. */
  list(): Key[] {
    return this.#parseAll().list();
  }

  #lookup(): Lookup {
    return this.#scan === null || this.#scan.searches >= PATIENCE ? this.#parseAll() : this.#scan;
  }

  #parseAll(): Ledger {
    const ledger = this.#ledger;
    if (ledger === null) throw new Error("the keys of a journal were let go");
    const scan = this.#scan;
    if (scan !== null) this.#drain(scan);
    this.#scan = null;
    return ledger;
  }

  #drain(scan: Scan): void {
    for (const { change } of scan.drain()) this.#ledger?.apply(change.keys);
  }

  #take(bytes: Buffer, start: number, end: number): boolean {
    const record = parseRecord(bytes.toString("utf8", start, end));
    if (record === null) return false;
    this.#ledger?.apply(record.change.keys);
    return true;
  }
}
