import { Secret } from "../../core/secret.ts";
import type { StdioTarget } from "./target.ts";
import type { Presented } from "./start.ts";

/** The variable is not there. */
export const NOTHING: Presented = { id: "nothing", name: "no key", value: null };
/** The variable is there and empty, as a shell leaves it that expanded an unset one. */
export const EMPTY: Presented = { id: "empty", name: "an empty key", value: new Secret("") };

/** A well-formed key that no store knows. */
export function bogusKey({ bogus }: StdioTarget): Presented {
  return { id: "bogus", name: "a bogus key", value: bogus };
}

/** Keys that are nearly the right one, each of which one way of comparing takes for it. */
export function nearlyRight({ key }: StdioTarget): Presented[] {
  const text = key.reveal();
  const last = text.endsWith("0") ? "1" : "0";
  return [
    { id: "changed", name: "your key with its last character changed", value: new Secret(text.slice(0, -1) + last) },
    { id: "cut", name: "your key without its last character", value: new Secret(text.slice(0, -1)) },
    { id: "lengthened", name: "your key and one character more", value: new Secret(`${text}0`) },
  ];
}
