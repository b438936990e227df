import type { Era } from "../mcp/conversation.ts";
import type { Variation } from "../mcp/variation.ts";

/** Paths at which MCP servers often answer. A second one may have been mounted without the guard. */
const COMMON_PATHS = ["/", "/mcp", "/messages", "/api/mcp", "/v1/mcp"];

/** Returns other paths to the same server: other spellings, and paths where it may answer too. */
export function otherPaths(url: URL, era: Era): Variation[] {
  const spelled = otherSpellings(url);
  const others = COMMON_PATHS.filter((path) => path !== url.pathname && !spelled.includes(path));
  const stream: Variation = { name: "the stream /sse", path: "/sse", era: "sse" };
  return [
    ...[...spelled, ...(era === "sse" ? [] : others)].map((path) => ({
      ...{ name: nameOf(path), path },
      ...(path === "/" ? { headers: replacedPath(url) } : {}),
    })),
    ...(url.pathname === "/sse" ? [] : [stream]),
  ];
}

/** Headers in which a proxy passes the path that it replaced. Some routers prefer it. */
const REPLACED = ["x-original-url", "x-original-uri", "x-rewrite-url", "x-forwarded-uri", "x-forwarded-path"];

function replacedPath({ pathname, search }: URL): Record<string, string> {
  return Object.fromEntries(REPLACED.map((name) => [name, pathname + search]));
}

/**
 * Returns other spellings of a path, with the query, as request targets. A lenient router behind a strict guard may accept one of
 * them that the guard does not recognize, or takes for a public path.
 */
export function otherSpellings({ pathname, search, origin }: URL): string[] {
  const bare = pathname.replace(/\/+$/, "");
  const other = pathname.endsWith("/") ? bare : `${pathname}/`;
  const paths = [
    other,
    `${bare}/health`,
    `${bare}/public`,
    `${bare};health`,
    `${bare}%2f`,
    `/${pathname}`,
    `/public/..${pathname}`,
    swapLetters(pathname),
    encodeLetter(pathname),
  ].map((path) => `${path}${search}`);
  const whole = `${origin}${pathname}${search}`;
  const known = `${pathname}${search}`;
  return [...new Set([whole, ...paths])].filter((path) => /^[/h]/.test(path) && path !== known);
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

function nameOf(path: string): string {
  return path.startsWith("/") ? `the path ${path}` : "the absolute form of the URL";
}
