/** Rewrites text that arrives in chunks. Output may lag behind input. */
export interface Rewriter {
  push(text: string): string;
  end(): string;
}

/** The most characters to hold back. Longer text passes unchanged. */
const LIMIT = 4 * 1024 * 1024;

/** Creates a rewriter for a body that is a single document. It holds the document back until its end. */
export function createDocumentRewriter(rewrite: (text: string) => string): Rewriter {
  let held = "";
  let passing = false;
  return {
    push(text) {
      if (passing) return text;
      held += text;
      if (held.length <= LIMIT) return "";
      passing = true;
      return take();
    },
    end: () => (held === "" ? "" : rewrite(take())),
  };

  function take(): string {
    const text = held;
    held = "";
    return text;
  }
}

/** The blank line that ends an event. @see HTML standard, section 9.2.6 */
const BOUNDARY = /(?:\r\n|\n|\r(?!\n))(?:\r\n|\n|\r)/g;
/** The most characters of a boundary that is still incomplete. */
const OVERLAP = 3;

/**
 * Creates a rewriter for server-sent events. It rewrites the data of each event and sends the event as soon as it is
 * complete. Everything else stays the same to the byte.
 */
export function createEventRewriter(rewrite: (data: string) => string): Rewriter {
  let held = "";
  let searched = 0;
  return {
    push(text) {
      held += text;
      let sent = 0;
      let out = "";
      BOUNDARY.lastIndex = Math.max(0, searched - OVERLAP);
      for (let found = BOUNDARY.exec(held); found !== null; found = BOUNDARY.exec(held)) {
        out += rewriteEvent(held.slice(sent, BOUNDARY.lastIndex), rewrite);
        sent = BOUNDARY.lastIndex;
      }
      held = held.slice(sent);
      if (held.length > LIMIT) {
        out += held;
        held = "";
      }
      searched = held.length;
      return out;
    },
    // Clients discard an incomplete event.
    end: () => held,
  };
}

function rewriteEvent(event: string, rewrite: (data: string) => string): string {
  const lines = event.split(/\r\n|\n|\r/);
  const isData = (line: string) => /^data(?::|$)/.test(line);
  const data = lines.filter(isData).map((line) => line.replace(/^data:? ?/, ""));
  if (data.length === 0) return event;
  const before = data.join("\n");
  const after = rewrite(before);
  if (after === before) return event;
  const others = lines.filter((line) => line !== "" && !isData(line));
  // The rest of a CRLF that was split between two chunks.
  const lead = event.startsWith("\n") ? "\n" : "";
  return lead + [...others, ...after.split("\n").map((line) => `data: ${line}`), "", ""].join("\n");
}
