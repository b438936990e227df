import { once } from "./once.ts";
import type { Sink } from "./sink.ts";
import { writeFault } from "./write-fault.ts";

/**
 * Standard output, or whatever writes as it does.
 * @param write - Resolves when the text is handed over, rejects when it could not be.
 */
export function openStdoutSink(write: (text: string) => Promise<void>): Promise<Sink> {
  return Promise.resolve(
    once("stdout", {
      deliver: async (text) => {
        try {
          await write(text);
        } catch (cause) {
          throw writeFault("standard output", text, cause);
        }
      },
    }),
  );
}
