import { CODES, type KeysError } from "../errors.ts";

/** Where a stdio server hears and answers its client. */
export interface StdioStreams {
  readonly input: AsyncIterable<Uint8Array | string>;
  readonly output: { write(text: string, done: () => void): unknown };
}

/** Characters of a line; a first message is a few hundred. */
const LINE_LIMIT = 1_048_576;
/** Messages, of which `initialize` should be the first or the second. */
const MESSAGES = 16;
/** Milliseconds, after which nobody is there. */
const PATIENCE = 10_000;
/** A code that the protocol leaves to servers. */
const REFUSED = -32_000;

/**
 * Answers what a client asks with an error, up to and including its `initialize`: a client of both eras tries
 * `server/discover` first and goes on to `initialize` whatever that says. Ends as well when the input does, and when nothing
 * more comes. Never rejects.
 */
export async function answerWithFault({ input, output }: StdioStreams, fault: KeysError): Promise<void> {
  const lines = readLines(input);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, PATIENCE, null);
  });
  try {
    for (let i = 0; i < MESSAGES; i++) {
      const step = await Promise.race([lines.next(), late]);
      if (step === null || step.done === true) return;
      const message = parse(step.value);
      if (message?.id === undefined || typeof message.method !== "string") continue;
      const error = {
        code: REFUSED,
        message: `${fault.message}; ${fault.hint}`,
        data: { code: fault.code, exit: CODES[fault.code].exit },
      };
      const text = JSON.stringify({ jsonrpc: "2.0", id: message.id, error });
      await new Promise<void>((resolve) => {
        output.write(`${text}\n`, resolve);
      });
      if (message.method === "initialize") return;
    }
  } catch {
    // The client is gone: there is nobody to tell.
  } finally {
    clearTimeout(timer);
    // Lets go of the input, so that the process can end. What it is waiting for may never come.
    void lines.return(undefined);
  }
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
