import ownProcess from "node:process";

/** Milliseconds between two looks. */
const STEP = 500;

/** Resolves when the process that started this one has ended, or the signal aborts. Windows does not tell; there only the signal counts. */
export function parentEnded(signal: AbortSignal): Promise<void> {
  const parent = ownProcess.ppid;
  return new Promise((resolve) => {
    const done = (): void => {
      clearInterval(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setInterval(() => {
      if (ownProcess.ppid !== parent) done();
    }, STEP);
    signal.addEventListener("abort", done);
    if (signal.aborted) done();
  });
}
