/** Finds the numbers of records by a hash of theirs: open addressing, four bytes a slot. 0 is no record. */
export class Slots {
  #slots = new Uint32Array(64);
  #count = 0;
  readonly #hashOf: (row: number) => number;

  /** @param hashOf - 32 bits, the same for a record as long as it is in here */
  constructor(hashOf: (row: number) => number) {
    this.#hashOf = hashOf;
  }

  add(row: number): void {
    if (++this.#count * 4 > this.#slots.length * 3) this.#grow();
    this.#place(row);
  }

  /** Does nothing for one that is not here. Closes the gap, so that a search may end at the first empty slot. */
  remove(row: number): void {
    let gap = this.first(this.#hashOf(row));
    while (this.at(gap) !== row) {
      if (this.at(gap) === 0) return;
      gap = this.next(gap);
    }
    this.#count--;
    const mask = this.#slots.length - 1;
    for (let at = this.next(gap); this.at(at) !== 0; at = this.next(at)) {
      const home = this.first(this.#hashOf(this.at(at)));
      // One whose home lies behind the gap would no longer be found if it moved there.
      if (((at - home) & mask) < ((at - gap) & mask)) continue;
      this.#slots[gap] = this.at(at);
      gap = at;
    }
    this.#slots[gap] = 0;
  }

  /** The slot to look at first for a hash; then {@link Slots.next}, until {@link Slots.at} is 0. */
  first(hash: number): number {
    return hash & (this.#slots.length - 1);
  }

  next(slot: number): number {
    return (slot + 1) & (this.#slots.length - 1);
  }

  at(slot: number): number {
    return this.#slots[slot] ?? 0;
  }

  #place(row: number): void {
    let slot = this.first(this.#hashOf(row));
    while (this.at(slot) !== 0) slot = this.next(slot);
    this.#slots[slot] = row;
  }

  #grow(): void {
    const rows = this.#slots;
    this.#slots = new Uint32Array(rows.length * 2);
    for (const row of rows) if (row !== 0) this.#place(row);
  }
}
