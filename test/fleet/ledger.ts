import { expect } from "vitest";
import { KeysError } from "../../src/errors.ts";
import type { KeyStore } from "../../src/stores/store.ts";

/** What the callers of a store were told, to compare with its history. */
export class Ledger {
  readonly #done: string[] = [];
  readonly #failed = new Map<string, unknown>();

  /** Waits for a change of a key, and records whether it was acknowledged. Returns its result, or `null` if it failed. */
  async record<T>(op: string, name: string, change: Promise<T>): Promise<T | null> {
    try {
      const result = await change;
      this.acknowledge(op, name);
      return result;
    } catch (fault) {
      this.#failed.set(`${op} ${name}`, fault);
      return null;
    }
  }

  acknowledge(op: string, name: string): void {
    this.#done.push(`${op} ${name}`);
  }

  get acknowledged(): number {
    return this.#done.length;
  }

  /** What failed, and how. */
  get faults(): string[] {
    return [...this.#failed].map(([change, fault]) => `${change}: ${String(fault)}`);
  }

  /** The codes of the changes that failed. */
  get codes(): string[] {
    return [...this.#failed.values()].map((fault) => (fault instanceof KeysError ? fault.code : String(fault)));
  }

  /**
   * Reads the whole history, which verifies its chain. Every acknowledged change is in it exactly once, every other one at most once, and
   * positions have no gaps.
   */
  async compare(store: KeyStore): Promise<void> {
    const found: string[] = [];
    const seqs: number[] = [];
    for await (const { seq, op, keys } of store.changes(0)) {
      seqs.push(seq);
      for (const { name } of keys) found.push(`${op} ${name}`);
    }
    expect(seqs).toEqual(seqs.map((_, i) => i + 1));
    expect(found).toHaveLength(new Set(found).size);
    const all = new Set(found);
    expect(this.#done.filter((each) => !all.has(each))).toEqual([]);
  }
}
