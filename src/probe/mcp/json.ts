import { isObject } from "../../core/shape.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

/** The value of a JSON text, or `undefined` when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

export { isObject };

/** The object at `name`, or an empty one. */
export function objectAt(value: JsonObject, name: string): JsonObject {
  const found = value[name];
  return isObject(found) ? found : {};
}

/** The string at `name`, or `undefined`. */
export function textAt(value: JsonObject, name: string): string | undefined {
  const found = value[name];
  return typeof found === "string" ? found : undefined;
}

/** The strings of the list at `name`; empty when there is no such list. */
export function textsAt(value: JsonObject, name: string): string[] {
  const found = value[name];
  return Array.isArray(found) ? found.filter((entry) => typeof entry === "string") : [];
}
