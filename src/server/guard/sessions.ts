import { createHash } from "node:crypto";
import type { KeyId } from "../../core/key.ts";

/** Ids of this length are kept as they are; longer ones by their digest. */
const LONG = 128;

/**
 * Which key opened which session, the sessions used last at the end. When there are too many, the one that was idle longest
 * is forgotten; its id then passes to the server like any that was never seen.
 */
export class Sessions {
  readonly #owners = new Map<string, KeyId>();
  readonly #limit: number;

  constructor(limit = 100_000) {
    this.#limit = limit;
  }

  ownerOf(session: string): KeyId | undefined {
    const id = idOf(session);
    const owner = this.#owners.get(id);
    if (owner === undefined) return undefined;
    this.#owners.delete(id);
    this.#owners.set(id, owner);
    return owner;
  }

  /** The first to open a session keeps it. */
  bind(session: string, owner: KeyId): void {
    const id = idOf(session);
    if (this.#owners.has(id)) return;
    if (this.#owners.size >= this.#limit) {
      const idle = this.#owners.keys().next();
      if (idle.done !== true) this.#owners.delete(idle.value);
    }
    this.#owners.set(id, owner);
  }

  end(session: string): void {
    this.#owners.delete(idOf(session));
  }
}

function idOf(session: string): string {
  return session.length <= LONG ? session : createHash("sha256").update(session).digest("base64");
}
