/** Returns whether a value is an object and not an array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Returns whether a value is an object without a class, so all its members are its own. Accepts those of another realm. May
 * throw for a proxy.
 */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (!isObject(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null) return true;
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, "isPrototypeOf");
}

/** Returns whether a value is a safe integer of at least 0. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

export function isString(value: unknown): value is string {
  return typeof value === "string";
}

/** Returns whether a value is an array of strings. */
export function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(isString);
}
