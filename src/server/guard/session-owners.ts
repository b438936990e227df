import type { KeyId } from "../../core/key.ts";

/**
 * A bounded map from session to key. When it is full, a key with more than its share (the limit divided by the number of keys with
 * sessions) forgets its own session that was idle longest. So no key displaces sessions of a key that keeps to its share.
 */
export class SessionOwners {
  readonly #limit: number;
  readonly #owners = new Map<string, KeyId>();
  /** The sessions of each key, in order of last use. */
  readonly #sessions = new Map<KeyId, Set<string>>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Returns the owner of a session, and counts as use. */
  get(session: string): KeyId | undefined {
    const owner = this.#owners.get(session);
    const sessions = owner === undefined ? undefined : this.#sessions.get(owner);
    if (sessions?.delete(session) === true) sessions.add(session);
    return owner;
  }

  /** Adds a session that has no owner. */
  add(session: string, key: KeyId): void {
    let sessions = this.#sessions.get(key);
    if (sessions === undefined) this.#sessions.set(key, (sessions = new Set()));
    if (this.#owners.size >= this.#limit) this.#forgetOne(sessions);
    sessions.add(session);
    this.#owners.set(session, key);
  }

  delete(session: string): void {
    const owner = this.#owners.get(session);
    const sessions = owner === undefined ? undefined : this.#sessions.get(owner);
    if (owner === undefined || sessions === undefined) return;
    this.#owners.delete(session);
    sessions.delete(session);
    if (sessions.size === 0) this.#sessions.delete(owner);
  }

  /** Forgets a session of the key that adds one, unless that key has less than its share: then another has more. */
  #forgetOne(adding: ReadonlySet<string>): void {
    const share = this.#limit / this.#sessions.size;
    const [idle] = adding.size >= share ? adding : this.#findAbove(share);
    if (idle === undefined) return;
    // The set of the key that adds a session has to stay, even if it is empty now.
    const sessions = this.#sessions.get(this.#owners.get(idle) ?? "");
    this.#owners.delete(idle);
    sessions?.delete(idle);
  }

  #findAbove(share: number): ReadonlySet<string> {
    for (const sessions of this.#sessions.values()) if (sessions.size > share) return sessions;
    return new Set();
  }
}
