const ENTITIES: Readonly<Record<string, string>> = {
  "<": "&lt;",
  ">": "&gt;",
  "&": "&amp;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Escapes a text for HTML and SVG, in elements and in quoted attributes. Drops characters that XML does not allow. */
export function escapeHtml(text: string): string {
  return text
    .replace(/[^\t\n\r\u{20}-\u{7e}\u{a0}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, "")
    .replace(/[<>&"']/g, (character) => ENTITIES[character] ?? "");
}
