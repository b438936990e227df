import type { KeyObject } from "node:crypto";
import { HashSlots } from "./hash-slots.ts";
import { wordOfHash } from "./token-hash.ts";
import type { VersionRows } from "./version-rows.ts";

/** Finds versions by digest. */
export class DigestSlots {
  /** Whether two versions have had the same digest, as a custom store may hold. Which one is found is then undefined. */
  hasTwins = false;
  readonly #versions: VersionRows;
  readonly #slots = new HashSlots();

  constructor(versions: VersionRows) {
    this.#versions = versions;
  }

  add(row: number): void {
    const hash = this.#versions.hashOf(row);
    const slots = this.#slots;
    for (let slot = slots.first(hash); slots.at(slot) !== 0; slot = slots.next(slot)) {
      if (slots.hashAt(slot) === hash && this.#versions.areTwins(slots.at(slot), row)) this.hasTwins = true;
    }
    slots.add(row, hash);
  }

  remove(row: number): void {
    this.#slots.remove(row, this.#versions.hashOf(row));
  }

  /** Returns the row of a version with this digest, made with this pepper, or 0. */
  find(digest: string, pepper: KeyObject | null): number {
    const wanted = wordOfHash(digest, 0);
    const slots = this.#slots;
    for (let slot = slots.first(wanted); ; slot = slots.next(slot)) {
      const row = slots.at(slot);
      if (row === 0) return 0;
      if (slots.hashAt(slot) !== wanted || !this.#versions.matches(row, digest)) continue;
      if (this.#versions.pepperOf(row) === pepper) return row;
    }
  }
}
