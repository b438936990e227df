import { Secret } from "../../core/secret.ts";

/** A value for the variable from which the program reads its key. */
export interface ProgramKey {
  /** Unique in a run. The program is started once for each id. */
  readonly id: string;
  /** Completes "accepted with …". Contains no secret. */
  readonly name: string;
  /** `null` if the variable is unset. */
  readonly value: Secret | null;
}

/** The variable is unset. */
export const NOTHING: ProgramKey = { id: "nothing", name: "no key", value: null };
/** The variable is empty, as when a shell expands an unset one. */
export const EMPTY: ProgramKey = { id: "empty", name: "an empty key", value: new Secret("") };

/** Returns a well-formed key that no store contains. */
export function bogusKey({ bogus }: { readonly bogus: Secret }): ProgramKey {
  return { id: "bogus", name: "a bogus key", value: bogus };
}

/** Returns nearly valid keys. Each of them passes one kind of incomplete comparison. */
export function nearlyValidKeys({ key }: { readonly key: Secret }): ProgramKey[] {
  const text = key.reveal();
  const last = text.endsWith("0") ? "1" : "0";
  return [
    { id: "changed", name: "your key with its last character changed", value: new Secret(text.slice(0, -1) + last) },
    { id: "cut", name: "your key without its last character", value: new Secret(text.slice(0, -1)) },
    { id: "extended", name: "your key with one more character", value: new Secret(`${text}0`) },
  ];
}
