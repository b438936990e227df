import { onAbort } from "./on-abort.ts";

/** Waits for `ms` milliseconds. An abort ends the wait early without an error. */
export async function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      stopListening();
      resolve();
    };
    const timer = setTimeout(done, ms);
    const stopListening = onAbort(signal, done);
    if (signal?.aborted === true) done();
  });
}
