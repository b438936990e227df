import { writeFault } from "./file-fault.ts";
import { createSink, type Sink } from "./sink.ts";

/**
 * Opens a sink that writes to standard output.
 * @param write - resolves once the text is handed over, rejects if it could not be
 */
export function openStdoutSink(write: (text: string) => Promise<void>): Promise<Sink> {
  return Promise.resolve(
    createSink("stdout", {
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
