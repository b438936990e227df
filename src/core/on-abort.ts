/** The callbacks of a signal, behind its one listener. */
interface Listening {
  readonly callbacks: Set<() => void>;
  readonly listener: () => void;
}

const listening = new WeakMap<AbortSignal, Listening>();

/**
 * Calls back when a signal is aborted, not if it already is. Adds at most one listener to a signal, because Node.js warns of a leak when
 * it has more than ten.
 * @returns a function that stops listening
 */
export function onAbort(signal: AbortSignal | undefined, react: () => void): () => void {
  if (signal === undefined) return () => undefined;
  const { callbacks, listener } = listening.get(signal) ?? listenTo(signal);
  // A wrapper, because the same function may be passed twice.
  const call = (): void => react();
  callbacks.add(call);
  return () => {
    callbacks.delete(call);
    if (callbacks.size > 0 || listening.get(signal)?.callbacks !== callbacks) return;
    listening.delete(signal);
    signal.removeEventListener("abort", listener);
  };
}

function listenTo(signal: AbortSignal): Listening {
  const callbacks = new Set<() => void>();
  const listener = (): void => {
    for (const call of [...callbacks]) call();
  };
  const started = { callbacks, listener };
  listening.set(signal, started);
  signal.addEventListener("abort", listener);
  return started;
}
