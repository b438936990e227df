import type { Check } from "../check.ts";
import { costOfDetours, tryDetours } from "../judge/try-detours.ts";

export const requiresKeyForEveryPath: Check = {
  id: "requires-key-for-every-path",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "requires a key for every spelling of its path",
  source: new URL(
    "https://modelcontextprotocol.io/specification/2025-11-25/basic/security_best_practices#session-hijacking",
  ),
  fix: "put the guard around the handler itself, not around one spelling of its path",
  needs: ["accepted"],
  cost: costOfDetours(12),
  run(target) {
    return tryDetours(
      target,
      otherSpellings(target.url).map((path) => ({ name: path, path })),
    );
  },
};

/**
 * Returns other spellings of a path, with the query, as request targets. A lenient router behind a strict guard may accept one of
 * them that the guard does not recognize.
 */
export function otherSpellings({ pathname, search, origin }: URL): string[] {
  const bare = pathname.replace(/\/+$/, "");
  const other = pathname.endsWith("/") ? bare : `${pathname}/`;
  const paths = [
    other,
    `${bare}/mcp-keys`,
    `${bare}.json`,
    `${bare};mcp-keys`,
    `${bare}%2f`,
    `/${pathname}`,
    `/.${pathname}`,
    `/mcp-keys/..${pathname}`,
    swapLetters(pathname),
    encodeLetter(pathname),
  ].map((path) => `${path}${search}`);
  const query = `${pathname}${search === "" ? "?" : `${search}&`}mcp-keys`;
  const whole = `${origin}${pathname}${search}`;
  const known = `${pathname}${search}`;
  return [...new Set([...paths, query, whole])].filter((path) => /^[/h]/.test(path) && path !== known);
}

/** Swaps the case: Express and Windows ignore it by default. */
function swapLetters(path: string): string {
  const upper = path.replace(/%[0-9A-Fa-f]{2}|[a-z]/g, (found) => (found.length === 1 ? found.toUpperCase() : found));
  return upper === path ? path.toLowerCase() : upper;
}

/** Percent-encodes the last letter. */
function encodeLetter(path: string): string {
  return path.replace(/[A-Za-z](?=[^A-Za-z%]*$)/, (letter) => `%${letter.charCodeAt(0).toString(16)}`);
}
