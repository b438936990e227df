/**
 * Maps 32-bit codes to rows, with open addressing and eight bytes per slot. Each slot contains the code, so a search does not
 * fetch the records it passes. 0 means no row.
 */
export class HashSlots {
  #slots = new Int32Array(128);
  #count = 0;

  add(row: number, hash: number): void {
    if (++this.#count * 8 > this.#slots.length * 3) this.#grow();
    this.#place(row, hash);
  }

  /** Removes a row, if present, and closes the gap: a search ends at the first empty slot. */
  remove(row: number, hash: number): void {
    let gap = this.first(hash);
    while (this.at(gap) !== row) {
      if (this.at(gap) === 0) return;
      gap = this.next(gap);
    }
    this.#count--;
    const mask = this.#slots.length - 1;
    for (let slot = this.next(gap); this.at(slot) !== 0; slot = this.next(slot)) {
      const home = this.first(this.hashAt(slot));
      // Moving a row before its first slot would make it unfindable.
      if (((slot - home) & mask) < ((slot - gap) & mask)) continue;
      this.#slots[gap] = this.hashAt(slot);
      this.#slots[gap + 1] = this.at(slot);
      gap = slot;
    }
    this.#slots[gap + 1] = 0;
  }

  /** Returns the first slot to search for a code; go on with {@link HashSlots.next} until {@link HashSlots.at} is 0. */
  first(hash: number): number {
    return (hash << 1) & (this.#slots.length - 1);
  }

  next(slot: number): number {
    return (slot + 2) & (this.#slots.length - 1);
  }

  /** Returns the row in a slot, or 0. */
  at(slot: number): number {
    return this.#slots[slot + 1] ?? 0;
  }

  hashAt(slot: number): number {
    return this.#slots[slot] ?? 0;
  }

  #place(row: number, hash: number): void {
    let slot = this.first(hash);
    while (this.at(slot) !== 0) slot = this.next(slot);
    this.#slots[slot] = hash;
    this.#slots[slot + 1] = row;
  }

  #grow(): void {
    const before = this.#slots;
    this.#slots = new Int32Array(before.length * 2);
    for (let slot = 0; slot < before.length; slot += 2) {
      const row = before[slot + 1] ?? 0;
      if (row !== 0) this.#place(row, before[slot] ?? 0);
    }
  }
}
