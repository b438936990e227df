/** One event of a server-sent event stream. */
export interface SseEvent {
  /** `message` if the server named none. */
  readonly event: string;
  /** The `data` lines joined by LF. */
  readonly data: string;
  /** The last id in the stream so far. */
  readonly id: string;
}

/**
 * Creates a parser that takes a stream in chunks of any size and returns the events that each chunk completes. Drops an event cut
 * off by the end of the stream, and ignores `retry`, because nothing here reconnects.
 * @see WHATWG HTML, 9.2.6 (interpreting an event stream)
 */
export function createSseParser(): (chunk: string) => SseEvent[] {
  let line = "";
  let data: string[] = [];
  let event = "";
  let id = "";
  let afterCr = false;
  let first = true;

  const endLine = (): SseEvent | null => {
    const [name, value] = splitField(line);
    const blank = line === "";
    line = "";
    if (!blank) {
      if (name === "data") data.push(value);
      else if (name === "event") event = value;
      else if (name === "id" && !value.includes("\0")) id = value;
      return null;
    }
    const done = data.length === 0 ? null : { event: event === "" ? "message" : event, data: data.join("\n"), id };
    data = [];
    event = "";
    return done;
  };

  return (chunk) => {
    const events: SseEvent[] = [];
    let start = 0;
    if (first && chunk !== "") {
      first = false;
      if (chunk.startsWith("\uFEFF")) start = 1;
    }
    for (let i = start; i < chunk.length; i++) {
      const c = chunk.charCodeAt(i);
      const lfOfCrLf = c === 10 && afterCr;
      afterCr = c === 13;
      if (c !== 10 && c !== 13) continue;
      if (!lfOfCrLf) {
        line += chunk.slice(start, i);
        const done = endLine();
        if (done !== null) events.push(done);
      }
      start = i + 1;
    }
    line += chunk.slice(start);
    return events;
  };
}

/** Splits a line into field name and value. A comment has an empty name. */
function splitField(line: string): [name: string, value: string] {
  const colon = line.indexOf(":");
  if (colon < 0) return [line, ""];
  return [line.slice(0, colon), line.slice(line.startsWith(": ", colon) ? colon + 2 : colon + 1)];
}
