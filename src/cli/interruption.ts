/** Ctrl-C, and other requests to end the run. */
export interface Interruption {
  /** Aborted by {@link Interruption.interrupt}. Created on first use, because most runs end without it. */
  readonly signal: AbortSignal;
  interrupt(): void;
  /** Calls back on the interruption, or at once after it. */
  readonly onInterrupt: (react: () => void) => void;
}

export function createInterruption(): Interruption {
  const reactions: (() => void)[] = [];
  let isInterrupted = false;
  let controller: AbortController | undefined;
  return {
    get signal() {
      controller ??= new AbortController();
      if (isInterrupted) controller.abort();
      return controller.signal;
    },
    interrupt() {
      isInterrupted = true;
      for (const react of reactions.splice(0)) react();
      controller?.abort();
    },
    onInterrupt(react) {
      if (isInterrupted) react();
      else reactions.push(react);
    },
  };
}
