import { isObject } from "../../core/type-guards.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

/** Parses JSON; `undefined` if the text is invalid. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

export { isObject };

/** Returns the object at `name`, or an empty one. */
export function objectAt(value: JsonObject, name: string): JsonObject {
  const found = value[name];
  return isObject(found) ? found : {};
}

/** Returns the string at `name`, or `undefined`. */
export function textAt(value: JsonObject, name: string): string | undefined {
  const found = value[name];
  return typeof found === "string" ? found : undefined;
}

/** Returns the strings in the array at `name`; empty if there is no array. */
export function textsAt(value: JsonObject, name: string): string[] {
  const found = value[name];
  return Array.isArray(found) ? found.filter((entry) => typeof entry === "string") : [];
}
