import { KeysError } from "../errors.ts";

/** Environment variables of a program. */
export type Variables = Readonly<Record<string, string>>;

/** Where a token was delivered, in text and JSON output: `file:/run/key`, `command:gh secret set MCP_API_KEY`, `stdout`. */
export interface Receipt {
  readonly to: string;
}

/**
 * A destination for a new token. It is opened before the store is written, because a bad path or a missing program must fail
 * before anything changes.
 */
export interface Sink {
  /** The receipt it will return. Never contains a secret. */
  readonly to: string;
  /**
   * Delivers the text once and returns when it has arrived.
   * @param variables - for a sink that runs a program: environment variables that name the key. No secret.
   * @throws `KeysError` `DELIVERY_FAILED` (`OUTPUT_FAILED` for stdout) if the text certainly did not arrive; `DELIVERY_UNCERTAIN`
   * if it may have (a command read it and then failed)
   */
  deliver(text: string, variables?: Variables): Promise<Receipt>;
  /** Closes the destination after a failure elsewhere, and leaves no files. Does nothing after a delivery. */
  discard(): Promise<void>;
}

/** The steps that differ between sinks. */
interface SinkSteps {
  /** Leaves nothing open, whether it resolves or rejects. */
  readonly deliver: (text: string, variables: Variables) => Promise<void>;
  /** Closes an unused destination and removes its files. */
  readonly discard?: () => Promise<void>;
}

/**
 * Creates a sink that delivers at most once. Its `discard` waits for a delivery in progress, because an interrupted run must not
 * end before it has cleaned up.
 */
export function createSink(to: string, { deliver, discard }: SinkSteps): Sink {
  let used: Promise<void> | undefined;
  let isDiscarded = false;
  return {
    to,
    async deliver(text, variables = {}) {
      if (isDiscarded) throw new KeysError("DELIVERY_FAILED", "interrupted before the delivery");
      if (used !== undefined) throw new KeysError("BUG", `${to} was already delivered to`);
      used = deliver(text, variables);
      await used;
      return { to };
    },
    async discard() {
      isDiscarded ||= used === undefined;
      used ??= discard?.() ?? Promise.resolve();
      await used.catch(() => undefined);
    },
  };
}

/** Creates the sink of a dry run, which was checked but not opened. */
export function createDrySink(to: string): Sink {
  return createSink(to, {
    deliver: async () => {
      throw new KeysError("BUG", `${to} was opened for a dry run`);
    },
  });
}

/** A text for one destination, and what it is about. */
export interface Parcel {
  readonly sink: Sink;
  readonly text: string;
  readonly variables?: Variables | undefined;
}

/**
 * Delivers to one destination after the other, and stops at the first failure. The message then names the destination that failed and
 * those that have their text.
 * @throws `KeysError` as the sink does, but `DELIVERY_UNCERTAIN` if an earlier destination has its text
 */
export async function deliverInOrder(parcels: readonly Parcel[]): Promise<void> {
  const arrived: string[] = [];
  for (const { sink, text, variables } of parcels) {
    try {
      arrived.push((await sink.deliver(text, variables)).to);
    } catch (error) {
      if (!(error instanceof KeysError) || parcels.length === 1) throw error;
      const { code, message, hint } = error;
      const rest = arrived.length === 0 ? "" : `; already delivered to ${arrived.join(" and ")}`;
      throw new KeysError(arrived.length === 0 ? code : "DELIVERY_UNCERTAIN", `${sink.to}: ${message}${rest}`, {
        hint: arrived.length === 0 ? hint : "fix it and run the same command again; the delivered token works too",
        cause: error,
      });
    }
  }
}
