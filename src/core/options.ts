import { KeysError } from "../errors.ts";
import { LAST_SECOND } from "./duration.ts";
import { isCount, isObject } from "./type-guards.ts";

/** The type of an option, checked at run time for callers without a type checker. */
export interface Rule {
  /** Completes the message "overlap is not …". */
  readonly what: string;
  readonly is: (value: unknown) => boolean;
  /** False by default. */
  readonly required?: boolean;
  readonly hint?: string;
}

export type Rules<Options> = Readonly<Record<keyof Options, Rule>>;

/**
 * Rejects options that are unknown, missing or of the wrong type, before anything is read or written. Never quotes a value: it
 * may be a token in the wrong place.
 * @param where - the name of the called function
 * @throws {@link KeysError} `USAGE`
 */
export function checkOptions<Options>(where: string, options: unknown, rules: Rules<Options>): void {
  if (!isObject(options)) throw new KeysError("USAGE", `${where} takes its options as an object`);
  checkOptionNames(where, options, Object.keys(rules));
  for (const [name, rule] of Object.entries<Rule>(rules)) {
    const value = options[name];
    if (value === undefined ? rule.required !== true : rule.is(value)) continue;
    checkArgument(`${name} of ${where}`, value, rule);
  }
}

/** Checks one argument or option, as {@link checkOptions} does. */
export function checkArgument(name: string, value: unknown, { is, what, hint }: Rule): void {
  if (is(value)) return;
  throw new KeysError("USAGE", `${name} is ${value === undefined ? "missing" : `not ${what}`}`, {
    hint: hint ?? `pass ${what}`,
  });
}

/**
 * Rejects unknown options. Ignoring `scope: "x"` instead of `scopes: ["x"]` would leave a server unprotected.
 * @throws {@link KeysError} `USAGE`
 */
export function checkOptionNames(where: string, options: object, known: readonly string[]): void {
  const stray = Object.keys(options).find((name) => !known.includes(name));
  if (stray === undefined) return;
  throw new KeysError("USAGE", `${where} has no option ${stray.length > 40 ? "of that name" : JSON.stringify(stray)}`, {
    hint: known.length === 0 ? "it has no options" : `its options are ${known.join(", ")}`,
  });
}

export const TEXT: Rule = { what: "a string", is: (value) => typeof value === "string" };
export const FLAG: Rule = { what: "true or false", is: (value) => typeof value === "boolean" };
export const FUNCTION: Rule = { what: "a function", is: (value) => typeof value === "function" };
export const TEXTS: Rule = {
  what: "an array of strings",
  is: (value) => Array.isArray(value) && value.every(TEXT.is),
};
export const TEXTS_BY_NAME: Rule = {
  what: "an object of strings",
  is: (value) => isObject(value) && Object.values(value).every(TEXT.is),
};

/** A time in milliseconds is above the limit. */
export const TIME_OR_NEVER: Rule = {
  what: "whole seconds since 1970, or null for never",
  is: (value) => value === null || (isCount(value) && value <= LAST_SECOND),
};
export const SECONDS: Rule = {
  what: "a whole number of seconds",
  is: (value) => isCount(value) && value <= LAST_SECOND,
};
export const STORE: Rule = {
  what: "an open store",
  is: (value) => isObject(value) && ["get", "write"].every((name) => typeof value[name] === "function"),
  required: true,
  hint: "open one with: await openStore()",
};
