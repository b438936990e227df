import { KeysError } from "../errors.ts";
import type { Sink } from "./sink.ts";

/** The part that differs between sinks. */
interface Once {
  /** Leaves nothing open, whether it resolves or rejects. */
  readonly deliver: (text: string) => Promise<void>;
  /** Releases what was opened and not used. */
  readonly discard?: () => Promise<void>;
}

/**
 * Makes a sink keep its contract: it delivers at most once, and `discard` waits for a delivery in progress, because an
 * interrupted run must not end before it has cleaned up.
 */
export function once(to: string, { deliver, discard }: Once): Sink {
  let used: Promise<void> | undefined;
  return {
    to,
    async deliver(text) {
      if (used !== undefined) throw new KeysError("BUG", `${to} was already delivered to or discarded`);
      used = deliver(text);
      await used;
      return { to };
    },
    async discard() {
      used ??= discard?.() ?? Promise.resolve();
      await used.catch(() => undefined);
    },
  };
}
