import { deepStrictEqual, match, notDeepStrictEqual, ok } from "node:assert/strict";
import { isObject } from "../core/type-guards.ts";

/** Fails unless both are the same. A member that is `undefined` counts as missing. */
export function same(actual: unknown, expected: unknown): void {
  deepStrictEqual(withoutUndefined(actual), withoutUndefined(expected));
}

/** Fails unless `actual` has these members. It may have more, but arrays must have the same length. */
export function has(actual: unknown, expected: unknown): void {
  deepStrictEqual(partOf(withoutUndefined(actual), expected), withoutUndefined(expected));
}

export function differs(actual: unknown, other: unknown): void {
  notDeepStrictEqual(actual, other);
}

export function matches(text: string, pattern: RegExp): void {
  match(text, pattern);
}

/** Fails unless a number is in this range. */
export function within(value: number | undefined, least: number, most: number): void {
  ok(value !== undefined && value >= least && value <= most, `${String(value)} is not within ${least} and ${most}`);
}

/** Fails unless the call fails with this code. */
export async function rejects(call: Promise<unknown>, code: string): Promise<void> {
  const outcome = await call.then(
    () => "nothing",
    (error: unknown) => (isObject(error) ? error["code"] : error),
  );
  deepStrictEqual({ threw: outcome }, { threw: code });
}

function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (!isObject(value) || value instanceof Map) return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.map(([name, member]) => [name, withoutUndefined(member)]));
}

function partOf(actual: unknown, expected: unknown): unknown {
  if (Array.isArray(actual) && Array.isArray(expected)) return actual.map((each, i) => partOf(each, expected[i]));
  if (!isObject(actual) || !isObject(expected)) return actual;
  const names = Object.keys(expected).filter((name) => name in actual);
  return Object.fromEntries(names.map((name) => [name, partOf(actual[name], expected[name])]));
}
