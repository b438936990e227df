import type { Key } from "../../../core/key.ts";
import type { ChainState } from "../format/chain-state.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { FileMac } from "./file-mac.ts";
import { LineIndexDraft } from "./line-index.ts";

/** The next checkpoint of a journal, made while its bytes are read. */
export class CheckpointDraft {
  readonly #mac = new FileMac();
  readonly #index: LineIndexDraft;

  /** @param earlier - the index of the checkpoint that this one replaces */
  constructor(earlier?: Buffer) {
    this.#index = new LineIndexDraft(earlier);
  }

  /** Covers the next bytes of the journal. */
  cover(bytes: Buffer): void {
    this.#mac.update(bytes);
  }

  /** Adds the keys of a record to the index. `offset` is that of its line. */
  add(keys: readonly Key[], offset: number): void {
    this.#index.add(keys, offset);
  }

  /** Returns the checkpoint. Call it once, after all bytes. */
  finish(state: ChainState): Checkpoint {
    const index = this.#index.finish();
    this.#mac.update(index);
    return { ...state, key: this.#mac.key, tag: this.#mac.digest(), index };
  }
}
