import type { RefusedVerdict, Verdict } from "../../core/judge.ts";
import type { KeyId } from "../../core/key.ts";
import { KeysError } from "../../errors.ts";
import type { StreamEnd } from "../verifier/counters.ts";
import type { Requirements, Verifier } from "../verifier/verifier.ts";
import type { EndedVersion } from "../verifier/ended-version.ts";
import { waitAtMost } from "../verifier/patience.ts";
import { asFault, type VerifyToken } from "../verifier/verify-fresh.ts";

/** A response or connection that may stay open. Has the form of Node's responses and sockets. */
export interface OpenStream {
  readonly destroyed: boolean;
  destroy(): unknown;
  once(event: "close", listener: () => void): unknown;
}

/** A request that was accepted, and the verdict about it. */
export interface Accepted {
  readonly id: KeyId;
  /** The number of the version. */
  readonly n: number;
  readonly verify: VerifyToken;
  /** What the last verdict required. */
  requirements: Requirements;
  /** {@link OpenStreams.revision} at the last verdict, or {@link OUTDATED}. */
  revision: number;
}

interface FollowedStream {
  readonly stream: OpenStream;
  readonly accepted: Accepted;
}

/** For a verdict that was awaited: versions may have ended meanwhile. */
export const OUTDATED = -1;
/** Recent responses to collect before those that have ended are dropped. Few, because the garbage collector copies what they hold. */
const FIRST_LIMIT = 32;
/** Milliseconds between two looks at what is still open. */
const TICK = 1_000;

/**
 * The open responses of accepted requests. Ends those of a version as soon as it stops being valid, which is before the verifier
 * acknowledges the change. Most responses end at once, so a request costs only a place in a list.
 */
export class OpenStreams {
  /** Counts the versions that have ended. A verdict from before the last one may be out of date. */
  revision = 0;
  readonly #verifier: Verifier;
  readonly #recent: FollowedStream[] = [];
  #limit = FIRST_LIMIT;
  /** Those that were open at a tick, by version. */
  readonly #lasting = new Map<string, Set<FollowedStream>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(verifier: Verifier) {
    this.#verifier = verifier;
    verifier.onRevoked((ended) => this.#endVersion(ended));
  }

  /**
   * Keeps a stream open only as long as the version of its request is valid.
   * @param stream - `null` only checks the version
   * @returns why to refuse the request, if versions have ended since the verdict and its own is among them; else `null`
   */
  follow(stream: OpenStream | null, accepted: Accepted): RefusedVerdict | KeysError | null {
    if (accepted.revision !== this.revision) {
      const verdict = verifyAgain(accepted);
      if (verdict instanceof KeysError || !verdict.ok) return verdict;
      accepted.revision = this.revision;
    }
    if (stream === null) return null;
    if (this.#recent.push({ stream, accepted }) >= this.#limit) this.#sweep();
    this.#timer ??= startTimer(() => this.#tick());
    return null;
  }

  /** Drops the recent ones that have ended. Leaves room for as many again, so each is looked at twice on average. */
  #sweep(): void {
    const recent = this.#recent;
    let open = 0;
    for (const entry of recent) if (!entry.stream.destroyed) recent[open++] = entry;
    recent.length = open;
    this.#limit = Math.max(FIRST_LIMIT, 2 * open);
  }

  #tick(): void {
    this.#sweep();
    for (const entry of this.#recent.splice(0)) this.#keep(entry);
    this.#limit = FIRST_LIMIT;
    if (this.#lasting.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    } else if (!this.#verifier.ready) {
      void this.#endUnconfirmed();
    }
  }

  #keep(entry: FollowedStream): void {
    // The response of an adapter that sends it as a whole.
    if (typeof (entry.stream as Partial<OpenStream>).once !== "function") return;
    const name = nameOf(entry.accepted);
    let entries = this.#lasting.get(name);
    if (entries === undefined) this.#lasting.set(name, (entries = new Set()));
    entries.add(entry);
    entry.stream.once("close", () => {
      entries.delete(entry);
      if (entries.size === 0 && this.#lasting.get(name) === entries) this.#lasting.delete(name);
    });
  }

  #endVersion(ended: EndedVersion): void {
    this.revision++;
    const name = nameOf(ended);
    const isOfVersion = ({ accepted }: FollowedStream) => accepted.n === ended.n && accepted.id === ended.id;
    this.#end([...this.#recent.filter(isOfVersion), ...(this.#lasting.get(name) ?? [])], ended.reason);
  }

  /**
   * Ends the streams whose token gets no verdict. The store counts a verifier that has not answered for too long as one that
   * accepts nothing, and a revocation as confirmed.
   */
  async #endUnconfirmed(): Promise<void> {
    await waitAtMost(TICK, this.#verifier.refresh());
    const open = [...this.#recent, ...[...this.#lasting.values()].flatMap((entries) => [...entries])];
    this.#end(
      open.filter(({ accepted }) => verifyAgain(accepted) instanceof KeysError),
      "unavailable",
    );
  }

  #end(entries: readonly FollowedStream[], reason: StreamEnd): void {
    for (const { stream } of entries) {
      if (stream.destroyed) continue;
      this.#verifier.counters.streamsClosed[reason]++;
      try {
        stream.destroy();
      } catch {
        // An object of an adapter. The others have to end nevertheless.
      }
    }
  }
}

function nameOf({ id, n }: { readonly id: KeyId; readonly n: number }): string {
  return `${id}.${String(n)}`;
}

function verifyAgain({ verify, requirements }: Accepted): Verdict | KeysError {
  try {
    return verify({ ...requirements, again: true });
  } catch (cause) {
    return asFault(cause);
  }
}

function startTimer(run: () => void): NodeJS.Timeout {
  const timer = setInterval(run, TICK);
  timer.unref();
  return timer;
}

/** The streams of each server, shared by its guards. */
const byVerifier = new WeakMap<object, OpenStreams>();

/** Returns the open streams of all guards with this verifier. */
export function streamsOf(verifier: Verifier): OpenStreams {
  let streams = byVerifier.get(verifier);
  if (streams === undefined) byVerifier.set(verifier, (streams = new OpenStreams(verifier)));
  return streams;
}
