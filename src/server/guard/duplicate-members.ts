/** How deep the members that decide about a call are: a batch, its messages, their `params`. */
const DEPTH = 3;

/**
 * Tests whether an object in the upper three levels has the same member twice. JSON parsers disagree about the one that counts.
 * @param json - valid JSON
 * @see RFC 8259 section 4
 */
export function hasDuplicateMembers(json: string): boolean {
  /** The members of the open object on each level, `null` for an array. */
  const open: (Set<string> | null)[] = [];
  let depth = 0;
  for (let at = 0; at < json.length; at++) {
    const char = json[at];
    if (char === "{" || char === "[") {
      if (depth < DEPTH) open[depth] = char === "{" ? new Set() : null;
      depth++;
    } else if (char === "}" || char === "]") {
      depth--;
    } else if (char === '"') {
      const end = findEnd(json, at);
      const members = depth > 0 && depth <= DEPTH ? (open[depth - 1] ?? null) : null;
      if (members !== null && isFollowedByColon(json, end)) {
        const text = json.slice(at, end);
        const name = text.includes("\\") ? (JSON.parse(text) as string) : text.slice(1, -1);
        if (members.has(name)) return true;
        members.add(name);
      }
      at = end - 1;
    }
  }
  return false;
}

/** Returns the index after the string that starts at `start`. */
function findEnd(json: string, start: number): number {
  let quote = json.indexOf('"', start + 1);
  while (isEscaped(json, quote)) quote = json.indexOf('"', quote + 1);
  return quote + 1;
}

function isEscaped(json: string, quote: number): boolean {
  let first = quote;
  while (json[first - 1] === "\\") first--;
  return (quote - first) % 2 === 1;
}

function isFollowedByColon(json: string, end: number): boolean {
  let at = end;
  while (json[at] === " " || json[at] === "\n" || json[at] === "\r" || json[at] === "\t") at++;
  return json[at] === ":";
}
