import type { Key } from "../../core/key.ts";

/** The fields that many keys have in common. */
interface SharedKeyFields extends Pick<Key, "prefix" | "scopes" | "audience" | "tags" | "createdBy" | "enabled"> {
  /** Whether the keys have neither owner nor note. */
  readonly isNamedOnly: boolean;
}

/** Stores each distinct set of shared fields once, by number. Frozen: a change through one key must not reach the others. */
export class SharedFieldsPool {
  readonly #entries: { readonly fields: SharedKeyFields; readonly text: string; keys: number }[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #free: number[] = [];
  /** The number that was taken last. Keys in a row are often alike, and to compare them is faster than to look up a text. */
  #last = 0;

  at(number: number): SharedKeyFields {
    return (this.#entries[number] as { fields: SharedKeyFields }).fields;
  }

  take(key: Key): number {
    const last = this.#entries[this.#last];
    if (last === undefined || last.keys === 0 || !hasFields(key, last.fields)) this.#last = this.#find(key);
    const entry = this.#entries[this.#last];
    if (entry !== undefined) entry.keys++;
    return this.#last;
  }

  /** Counts one key less, and removes the fields if no key is left. */
  release(number: number): void {
    const entry = this.#entries[number];
    if (entry === undefined || --entry.keys > 0) return;
    this.#numbers.delete(entry.text);
    this.#free.push(number);
  }

  #find(key: Key): number {
    const fields = sharedFieldsOf(key);
    const text = JSON.stringify(fields);
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const number = this.#free.pop() ?? this.#entries.length;
    this.#entries[number] = { fields, text, keys: 0 };
    this.#numbers.set(text, number);
    return number;
  }
}

function sharedFieldsOf(key: Key): SharedKeyFields {
  const { prefix, scopes, audience, tags, createdBy, enabled } = key;
  return {
    prefix,
    scopes: Object.freeze([...scopes]),
    audience: Object.freeze([...audience]),
    tags: Object.freeze({ ...tags }),
    createdBy,
    enabled,
    isNamedOnly: isNamedOnly(key),
  };
}

function hasFields(key: Key, fields: SharedKeyFields): boolean {
  return (
    key.prefix === fields.prefix &&
    key.createdBy === fields.createdBy &&
    key.enabled === fields.enabled &&
    isNamedOnly(key) === fields.isNamedOnly &&
    hasTexts(key.scopes, fields.scopes) &&
    hasTexts(key.audience, fields.audience) &&
    hasTags(key.tags, fields.tags)
  );
}

/** Returns whether the name is the only text of a key that others do not have. */
export function isNamedOnly({ owner, note }: Key): boolean {
  return owner === undefined && note === undefined;
}

function hasTexts(texts: readonly string[], others: readonly string[]): boolean {
  return texts.length === others.length && texts.every((text, i) => text === others[i]);
}

/** In the same order too, as a verdict shows them. */
function hasTags(tags: Key["tags"], others: Key["tags"]): boolean {
  return hasTexts(Object.keys(tags), Object.keys(others)) && hasTexts(Object.values(tags), Object.values(others));
}
