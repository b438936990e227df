/** Headers with a list of names, which the server may set too. */
const LISTS: ReadonlySet<string> = new Set(["vary", "access-control-expose-headers"]);

/**
 * Returns the value of a header that both the server and the guard set: lists are joined, otherwise the guard's counts.
 * @param name - in lower case
 */
export function mergeHeader(name: string, ofServer: string | null, ofGuard: string): string {
  if (ofServer === null || !LISTS.has(name)) return ofGuard;
  const names = split(ofServer);
  // Stands for all names.
  if (names.includes("*")) return ofServer;
  const lower = names.map((one) => one.toLowerCase());
  return [...names, ...split(ofGuard).filter((one) => !lower.includes(one.toLowerCase()))].join(", ");
}

function split(list: string): string[] {
  const names = list.split(",").map((one) => one.trim());
  return names.filter((one) => one !== "");
}
