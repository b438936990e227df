import { KeysError } from "../errors.ts";
import { describeType, isThenable } from "./describe-type.ts";
import { isEpoch } from "./duration.ts";
import { suggest } from "./suggest.ts";
import { isObject, isPlainObject } from "./type-guards.ts";

/** The type of an option, checked at run time for callers without a type checker. */
export interface Rule {
  /** Completes the message "overlap is a string, not …". */
  readonly what: string;
  /** A value for which this throws is wrong too. */
  readonly is: (value: unknown) => boolean;
  /** False by default. */
  readonly required?: boolean;
  readonly hint?: string;
  /** Copies a value that the caller could change later. Returns other values unchanged. */
  readonly copy?: (value: unknown) => unknown;
}

export type Rules<Options> = Readonly<Record<keyof Options, Rule>>;

/**
 * Copies options and rejects those that are unknown, missing or of the wrong type, before anything is read or written. Reads
 * each member once, and only the object's own: a getter, a class or a changed `Object.prototype` cannot add an option unseen.
 * Never quotes a text: it may be a token in the wrong place.
 * @param where - the name of the called function
 * @throws {@link KeysError} `USAGE`
 */
export function readOptions<Options>(where: string, options: unknown, rules: Rules<NoInfer<Options>>): Options {
  const given = copyMembers(where, options, rules);
  for (const [name, rule] of Object.entries<Rule>(rules)) {
    const value = given[name];
    if (value !== undefined || rule.required === true) checkArgument(`${name} of ${where}`, value, rule);
  }
  return given as Options;
}

function copyMembers(where: string, options: unknown, rules: Readonly<Record<string, Rule>>): Record<string, unknown> {
  try {
    if (!isPlainObject(options)) {
      throw new KeysError("USAGE", `${where} takes its options as a plain object, not ${describeType(options)}`, {
        // An instance of a class, or an object with a prototype of its own.
        hint: describeType(options) === "an object" ? "copy its members: { ...options }" : nameOptions(rules),
      });
    }
    const names = Object.keys(options);
    for (const name of names) checkOptionName(where, name, rules);
    const members = names.map((name) => [name, copyOf(options[name], rules[name])] as const);
    const copy = Object.create(null) as Record<string, unknown>;
    return Object.assign(copy, Object.fromEntries(members.filter(([, value]) => value !== undefined)));
  } catch (cause) {
    if (cause instanceof KeysError) throw cause;
    throw new KeysError("USAGE", `the options of ${where} cannot be read: a member throws`, {
      hint: "pass plain values instead of getters",
      cause,
    });
  }
}

function copyOf(value: unknown, rule: Rule | undefined): unknown {
  return rule?.copy === undefined ? value : rule.copy(value);
}

/** Ignoring `scope: "x"` instead of `scopes: ["x"]` would leave a server unprotected. */
function checkOptionName(where: string, name: string, rules: Readonly<Record<string, Rule>>): void {
  if (Object.hasOwn(rules, name)) return;
  const shown = name.length > 40 ? "of that name" : JSON.stringify(name);
  throw new KeysError("USAGE", `${where} has no option ${shown}`, {
    hint: `${suggest(name, Object.keys(rules))}${nameOptions(rules)}`,
  });
}

function nameOptions(rules: Readonly<Record<string, Rule>>): string {
  return `its options are ${Object.keys(rules).join(", ")}`;
}

/**
 * Checks one argument or option, as {@link readOptions} does.
 * @throws {@link KeysError} `USAGE`
 */
export function checkArgument(name: string, value: unknown, { is, what, hint }: Rule): void {
  if (holds(is, value)) return;
  const problem = value === undefined ? "missing" : `${describeType(value)}, not ${what}`;
  const advice = isThenable(value) ? `await the promise and pass ${what}` : `pass ${what}`;
  throw new KeysError("USAGE", `${name} is ${problem}`, { hint: hint ?? advice });
}

function holds(is: (value: unknown) => boolean, value: unknown): boolean {
  try {
    return is(value);
  } catch {
    return false;
  }
}

function copyArray(value: unknown): unknown {
  return Array.isArray(value) ? Array.from<unknown>(value) : value;
}

/** Copies the members of a plain object, also one named `__proto__`. */
export function copyRecord(value: unknown): unknown {
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, copyArray(each)]));
}

function copyPeppers(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return Array.from<unknown>(value).map((each) => (isObject(each) ? { id: each["id"], key: each["key"] } : each));
}

export const TEXT: Rule = { what: "a string", is: (value) => typeof value === "string" };
export const TOKEN_TEXT: Rule = {
  ...TEXT,
  hint: "pass the token as a string; for the token that generate returns, use token.reveal()",
};
export const FLAG: Rule = { what: "true or false", is: (value) => typeof value === "boolean" };
export const FUNCTION: Rule = { what: "a function", is: (value) => typeof value === "function" };
export const TEXTS: Rule = {
  what: "an array of strings",
  is: (value) => Array.isArray(value) && Array.from<unknown>(value).every(TEXT.is),
  copy: copyArray,
};
export const TEXTS_BY_NAME: Rule = {
  what: "an object of strings",
  is: (value) => isPlainObject(value) && Object.values(value).every(TEXT.is),
  copy: copyRecord,
};
export const ENVIRONMENT: Rule = {
  what: "an object of strings",
  is: (value) => isObject(value) && Object.values(value).every((each) => each === undefined || TEXT.is(each)),
  hint: "pass process.env, or omit it",
};
export const PEPPERS: Rule = {
  what: "a list of { id, key }",
  is: (value) =>
    Array.isArray(value) && value.every((each) => isObject(each) && TEXT.is(each["id"]) && TEXT.is(each["key"])),
  copy: copyPeppers,
  hint: 'pass [{ id: "p1", key: "<at least 32 characters>" }], or set MCP_KEYS_PEPPER',
};

/** A time in milliseconds is above the limit. */
export const TIME_OR_NEVER: Rule = {
  what: "whole seconds since 1970, or null for never",
  is: (value) => value === null || isEpoch(value),
};
export const SECONDS: Rule = {
  what: "a whole number of seconds",
  is: isEpoch,
};
const STORE_METHODS = ["get", "find", "list", "position", "snapshot", "write", "touch", "usage", "changes", "watch"];
export const STORE: Rule = {
  what: "an open store",
  is: (value) => isObject(value) && STORE_METHODS.every((name) => typeof value[name] === "function"),
  required: true,
  hint: "open one with: await openStore()",
};
