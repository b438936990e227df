/**
 * Takes tools out of an answer that lists tools. Every other text comes back as it is, and so does one that is no JSON: what
 * could leak is a name, and the tool cannot be called.
 * @param text - a JSON-RPC response, or several in a batch
 */
export function hideTools(text: string, isHidden: (tool: unknown) => boolean): string {
  if (!text.includes('"tools"')) return text;
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return text;
  }
  const hidden = (Array.isArray(message) ? message : [message]).map((one) => hideIn(one, isHidden));
  return hidden.includes(true) ? JSON.stringify(message) : text;
}

/** Changes the message, and says whether it did. */
function hideIn(message: unknown, isHidden: (tool: unknown) => boolean): boolean {
  const { result } = (message ?? {}) as { result?: { tools?: unknown; cacheScope?: unknown } | null };
  if (!Array.isArray(result?.tools)) return false;
  const shown = result.tools.filter((tool) => !isHidden((tool as { name?: unknown } | null)?.name));
  if (shown.length === result.tools.length) return false;
  result.tools = shown;
  // It is the list for this key, and no longer for everybody.
  if (result.cacheScope === "public") result.cacheScope = "private";
  return true;
}
