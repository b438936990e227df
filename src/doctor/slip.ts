/**
 * What is wrong with the value of a variable, in the words that go on after its name: the slips of `.env` files, of clients that
 * expand nothing, and of files with the line breaks of Windows. `null` when nothing is. Never quotes it.
 */
export function explainMisconfiguration(value: string): string | null {
  if (/[\r\n]/.test(value)) return "has a line break in it";
  if (/^\s|\s$/.test(value)) return "begins or ends with a blank";
  if (/^["'`]|["'`]$/.test(value)) return "is in quotes, which whoever set it did not take off";
  if (/\$\{|\$\(|^\$|^%[A-Za-z_]+%|^\{env:/.test(value)) return "holds a variable that nobody expanded";
  return null;
}
