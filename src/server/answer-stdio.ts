import { CODES, type KeysError } from "../errors.ts";

/** The streams between a stdio server and its client. */
export interface StdioStreams {
  readonly input: AsyncIterable<Uint8Array | string>;
  readonly output: { write(text: string, done: () => void): unknown };
}

/** The most characters in a line. A first message has a few hundred. */
const LINE_LIMIT = 1_048_576;
/** The most messages to read. `initialize` is usually the first or second. */
const MESSAGE_LIMIT = 16;
/** Milliseconds to wait for the client. */
const PATIENCE = 10_000;
/** A JSON-RPC code from the range that MCP leaves to servers. */
const REFUSED = -32_000;

/**
 * Answers the client's requests with an error, up to and including `initialize`: clients that support both protocol eras try
 * `server/discover` first, and then send `initialize` in any case. Also returns at the end of the input and when the client
 * is silent for too long. Never rejects.
 */
export async function answerStdio({ input, output }: StdioStreams, error: KeysError): Promise<void> {
  const lines = readLines(input);
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, PATIENCE, null);
  });
  // Without a listener, an error of a stream ends the process.
  for (const stream of [input, output]) (stream as Partial<Emitter>).on?.("error", () => undefined);
  try {
    for (let i = 0; i < MESSAGE_LIMIT; i++) {
      const line = await Promise.race([lines.next(), timeout]);
      if (line === null || line.done === true) return;
      const message = parse(line.value);
      if (message?.id === undefined || typeof message.method !== "string") continue;
      const written = new Promise<void>((resolve) => {
        output.write(`${formatError(message.id, error)}\n`, () => resolve());
      });
      if ((await Promise.race([written, timeout])) === null || message.method === "initialize") return;
    }
  } catch {
    // The client is gone.
  } finally {
    clearTimeout(timer);
    // Releases the input to let the process exit. Not awaited: a pending read may never end.
    void lines.return(undefined).catch(() => undefined);
  }
}

interface Emitter {
  on(event: "error", listener: () => void): unknown;
}

async function* readLines(input: AsyncIterable<Uint8Array | string>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let held = "";
  for await (const chunk of input) {
    held += typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
    if (held.length > LINE_LIMIT) return;
    const lines = held.split("\n");
    held = lines.pop() ?? "";
    yield* lines;
  }
}

function parse(line: string): { readonly id?: unknown; readonly method?: unknown } | null {
  try {
    const message: unknown = JSON.parse(line);
    return typeof message === "object" && !Array.isArray(message) ? message : null;
  } catch {
    return null;
  }
}

function formatError(id: unknown, { code, message, hint }: KeysError): string {
  const error = { code: REFUSED, message: `${message}; ${hint}`, data: { code, exit: CODES[code].exit } };
  return JSON.stringify({ jsonrpc: "2.0", id, error });
}
