/** Rewrites a text that comes in pieces. What goes out may lag behind what came in. */
export interface Rewriter {
  push(text: string): string;
  end(): string;
}

/** Characters held back at most; what is longer goes out as it is. */
const LIMIT = 4 * 1024 * 1024;

/** For a body that is one document: held back until its end. */
export function createWholeRewriter(rewrite: (text: string) => string): Rewriter {
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

/** An empty line, at which an event ends. @see HTML standard, section 9.2.6 */
const BOUNDARY = /(?:\r\n|\n|\r(?!\n))(?:\r\n|\n|\r)/g;
/** Characters that a boundary which is not all there may have. */
const OVERLAP = 3;

/** For server-sent events: each goes out as soon as it is all there, its data rewritten. The rest stays byte for byte. */
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
    // An event that was cut short is thrown away by whoever reads it.
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
  // The end of a CRLF that came in two pieces.
  const lead = event.startsWith("\n") ? "\n" : "";
  return lead + [...others, ...after.split("\n").map((line) => `data: ${line}`), "", ""].join("\n");
}
