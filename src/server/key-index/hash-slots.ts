/**
 * Finds the numbers of records by a code of theirs, 32 bits with a sign: open addressing, eight bytes a slot. The code is
 * in the slot, so that a record that only lies in the way is not fetched. 0 is no record.
 */
export class HashSlots {
  #slots = new Int32Array(128);
  #count = 0;

  add(row: number, hash: number): void {
    if (++this.#count * 8 > this.#slots.length * 3) this.#grow();
    this.#place(row, hash);
  }

  /** Does nothing for one that is not here. Closes the gap, so that a search may end at the first empty slot. */
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
      // One whose home lies behind the gap would no longer be found if it moved there.
      if (((slot - home) & mask) < ((slot - gap) & mask)) continue;
      this.#slots[gap] = this.hashAt(slot);
      this.#slots[gap + 1] = this.at(slot);
      gap = slot;
    }
    this.#slots[gap + 1] = 0;
  }

  /** The slot to look at first for a code; then {@link HashSlots.next}, until {@link HashSlots.at} is 0. */
  first(hash: number): number {
    return (hash << 1) & (this.#slots.length - 1);
  }

  next(slot: number): number {
    return (slot + 2) & (this.#slots.length - 1);
  }

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
