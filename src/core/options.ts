import { KeysError } from "../errors.ts";
import { LAST_SECOND } from "./duration.ts";
import { isCount, isObject } from "./shape.ts";

/** What an option must be, for callers whose compiler does not say it. */
export interface Rule {
  /** Completes "overlap is not …". */
  readonly what: string;
  readonly is: (value: unknown) => boolean;
  /** False when left out: the option may be. */
  readonly required?: boolean;
  readonly hint?: string;
}

export type Rules<Options> = Readonly<Record<keyof Options, Rule>>;

/**
 * Refuses options that are unknown, missing or of another type, before anything is read or written. No value is repeated:
 * one in the wrong place may be a token.
 * @param where - the function, as its caller wrote it
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

/** The same for an argument that is no object of options. */
export function checkArgument(name: string, value: unknown, { is, what, hint }: Rule): void {
  if (is(value)) return;
  throw new KeysError("USAGE", `${name} is ${value === undefined ? "missing" : `not ${what}`}`, {
    hint: hint ?? `pass ${what}`,
  });
}

/**
 * Refuses what would be passed over in silence: `scope: "x"` for `scopes: ["x"]` would leave a server open.
 * @throws {@link KeysError} `USAGE`
 */
export function checkOptionNames(where: string, options: object, known: readonly string[]): void {
  const stray = Object.keys(options).find((name) => !known.includes(name));
  if (stray === undefined) return;
  throw new KeysError("USAGE", `${where} has no option ${stray.length > 40 ? "of that name" : JSON.stringify(stray)}`, {
    hint: known.length === 0 ? "it takes none" : `its options are ${known.join(", ")}`,
  });
}

export const TEXT: Rule = { what: "a text", is: (value) => typeof value === "string" };
export const FLAG: Rule = { what: "true or false", is: (value) => typeof value === "boolean" };
export const FUNCTION: Rule = { what: "a function", is: (value) => typeof value === "function" };
export const TEXTS: Rule = {
  what: "a list of texts",
  is: (value) => Array.isArray(value) && value.every(TEXT.is),
};
export const TEXTS_BY_NAME: Rule = {
  what: "an object of texts",
  is: (value) => isObject(value) && Object.values(value).every(TEXT.is),
};

/** What is in milliseconds is far behind the last second. */
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
