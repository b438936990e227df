import type { Key } from "../../core/key.ts";

/** What many keys have in common, kept once for all of them. */
export interface SharedFields {
  readonly prefix: string;
  readonly scopes: readonly string[];
  readonly audience: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  readonly createdBy: string;
  readonly enabled: boolean;
  /** Whether they have neither owner nor note. */
  readonly isNamedOnly: boolean;
}

/** Each of them by a number. Frozen, since what somebody adds to the scopes of one key must not reach the others. */
export class SharedFieldsPool {
  readonly #all: { readonly shared: SharedFields; uses: number }[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #free: number[] = [];

  at(number: number): SharedFields {
    return (this.#all[number] as { shared: SharedFields }).shared;
  }

  /** The number of what a key has in common with others. */
  take(key: Key): number {
    const shared = sharedFieldsOf(key);
    const text = JSON.stringify(shared);
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.#free.pop() ?? this.#all.length;
      this.#all[number] = { shared, uses: 0 };
      this.#numbers.set(text, number);
    }
    const entry = this.#all[number];
    if (entry !== undefined) entry.uses++;
    return number;
  }

  /** Forgets what no key has any more. */
  release(number: number): void {
    const entry = this.#all[number];
    if (entry === undefined || --entry.uses > 0) return;
    this.#numbers.delete(JSON.stringify(entry.shared));
    this.#free.push(number);
  }
}

function sharedFieldsOf({ prefix, scopes, audience, tags, createdBy, enabled, owner, note }: Key): SharedFields {
  return {
    prefix,
    scopes: Object.freeze([...scopes]),
    audience: Object.freeze([...audience]),
    tags: Object.freeze({ ...tags }),
    createdBy,
    enabled,
    isNamedOnly: owner === undefined && note === undefined,
  };
}
