/** KELVIN SIGN, the only character outside ASCII whose lower case is a letter of ASCII. */
const KELVIN = "\u212a";

/**
 * Compares the name of a header with `name`, which is ASCII in lower case. Most names differ in the first letter. The others are compared
 * as a whole: a loop takes about 40 instructions for each character.
 */
export function isNamed(sent: string, name: string): boolean {
  if (sent.length !== name.length) return false;
  const difference = sent.charCodeAt(0) ^ name.charCodeAt(0);
  if (difference === 0 && sent === name) return true;
  // The two cases of a letter differ in this bit.
  return (difference & ~32) === 0 && sent.toLowerCase() === name && !sent.includes(KELVIN);
}
