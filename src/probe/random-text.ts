import { BASE62 } from "../core/token.ts";

/** Makes random text of `[0-9A-Za-z]` from random bytes. For no secret: a few characters are favoured. */
export function createRandomText(random: (size: number) => Uint8Array): (length: number) => string {
  return (length) => Array.from(random(length), (byte) => BASE62.charAt(byte % 62)).join("");
}
