/**
 * Other ways to write the path of a server, by which one part of it may find the way and another may not know it again: a router
 * that forgives, behind a guard that compares. As they are to be sent, with the query; none is the path itself.
 */
export function pathsBeside({ pathname, search, origin }: URL): string[] {
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

/** As Express and Windows read paths by default: capitals are no difference. */
function swapLetters(path: string): string {
  const upper = path.replace(/%[0-9A-Fa-f]{2}|[a-z]/g, (found) => (found.length === 1 ? found.toUpperCase() : found));
  return upper === path ? path.toLowerCase() : upper;
}

/** The last letter as its code. */
function encodeLetter(path: string): string {
  return path.replace(/[A-Za-z](?=[^A-Za-z%]*$)/, (letter) => `%${letter.charCodeAt(0).toString(16)}`);
}
