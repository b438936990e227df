import { KeysError } from "../errors.ts";
import { writeFault } from "./file-fault.ts";
import { createSink, type Sink } from "./sink.ts";

/** Standard output, as the sink uses it. */
export interface Stdout {
  /** Resolves once the text is handed over, rejects if it could not be. */
  write(text: string): Promise<void>;
  /** Why the text would be lost, or `null`. */
  readonly fault: string | null;
}

/**
 * Opens a sink that writes to standard output.
 * @throws {@link KeysError} `OUTPUT_FAILED` if the text would certainly be lost
 */
export async function openStdoutSink(stdout: Stdout): Promise<Sink> {
  const { fault } = stdout;
  if (fault !== null) {
    throw new KeysError("OUTPUT_FAILED", fault, {
      hint: "nothing was changed; write the token to a file with --out, or pass it to a command with --to",
    });
  }
  return createSink("stdout", {
    deliver: async (text) => {
      try {
        await stdout.write(text);
      } catch (cause) {
        throw writeFault("standard output", text, cause, "OUTPUT_FAILED");
      }
    },
  });
}
