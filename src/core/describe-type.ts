/** Built-in classes that are passed by mistake. Names of other classes are not repeated. */
const CLASSES = ["Map", "Set", "WeakMap", "Date", "RegExp", "URL", "Error", "Headers", "Request", "Uint8Array"];

/**
 * Describes the type of an argument for an error message: `a string`, `a promise`, `an array with a number in it`. Repeats only
 * numbers and booleans, because a text may be a token.
 */
export function describeType(value: unknown): string {
  switch (typeof value) {
    case "string":
      return value === "" ? "an empty string" : "a string";
    case "function":
      return "a function";
    case "symbol":
      return "a symbol";
    case "object":
      return value === null ? "null" : describeObject(value);
    default:
      return String(value);
  }
}

function describeObject(value: object): string {
  try {
    if (Array.isArray(value)) return describeArray(value);
    if (isThenable(value)) return "a promise";
    const name = CLASSES.find((each) => Object.prototype.toString.call(value) === `[object ${each}]`);
    return name === undefined ? "an object" : `${/^[AEIOU](?!RL)/.test(name) ? "an" : "a"} ${name}`;
  } catch {
    // A proxy, or a getter that throws.
    return "an object";
  }
}

function describeArray(items: readonly unknown[]): string {
  if (items.length === 0) return "an empty array";
  const stray = Array.from(items).find((item) => typeof item !== "string" || item === "");
  if (stray === undefined) return "an array";
  return `an array with ${Array.isArray(stray) ? "an array" : describeType(stray)} in it`;
}

/** Tests for a promise of any implementation. Never throws. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  try {
    return (
      ((typeof value === "object" && value !== null) || typeof value === "function") &&
      typeof (value as { then?: unknown }).then === "function"
    );
  } catch {
    return false;
  }
}
