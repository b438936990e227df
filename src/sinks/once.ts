import { KeysError } from "../errors.ts";
import type { Sink } from "./sink.ts";

/** What one kind of sink adds: how to deliver, and how to give back what was opened and never used. */
interface Once {
  /** Leaves nothing open, whether it resolves or rejects. */
  readonly deliver: (text: string) => Promise<void>;
  readonly discard?: () => Promise<void>;
}

/**
 * Holds a sink to its contract: one delivery at most, and a discard that waits for a delivery under way, so that nothing is
 * taken from under it and an interrupted run does not end before it is tidy.
 */
export function once(to: string, { deliver, discard }: Once): Sink {
  let used: Promise<void> | undefined;
  return {
    to,
    async deliver(text) {
      if (used !== undefined) throw new KeysError("BUG", `${to} was delivered to or discarded before`);
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
