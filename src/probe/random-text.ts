import { BASE62 } from "../core/token.ts";

/** Returns `length` random characters of `[0-9A-Za-z]`. */
export type RandomText = (length: number) => string;

/** Builds a {@link RandomText} from random bytes. Slightly biased, so not for real secrets. */
export function createRandomText(random: (size: number) => Uint8Array): RandomText {
  return (length) => Array.from(random(length), (byte) => BASE62.charAt(byte % 62)).join("");
}
