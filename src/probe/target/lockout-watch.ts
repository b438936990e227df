import type { Cost } from "../check-result.ts";
import type { HttpInit, HttpRequest, HttpResponse } from "../../http/http.ts";
import type { Redact } from "../../core/redact.ts";
import { isRefusal } from "../mcp/answer-kind.ts";
import { isAccepted, isConversation, isInconclusive, isServerFault, type Attempt } from "../verify/attempt.ts";

/** The server no longer accepts the valid key. */
export interface Lockout {
  /** Requests without the valid key when it was last accepted, and when it no longer was. */
  readonly from: number;
  readonly to: number;
  /** The result with the valid key. */
  readonly last: Attempt;
}

export interface LockoutWatchOptions {
  /** Presents the valid key in the shortest conversation, ahead of other requests. */
  readonly present: () => Promise<Attempt>;
  /** Number of requests without the valid key so far. */
  readonly wrong: () => number;
  readonly onLockout: (lockout: Lockout) => void;
}

/** The valid key is presented after so many requests without it, and then after as many again, up to a limit. */
const FIRST = 5;
const LATER = 20;
/** Upper bound of a conversation with the valid key. */
const CONVERSATION = 4;

/** Returns an upper bound of what a {@link LockoutWatch} sends while `wrong` requests without the valid key are sent. */
export function watchCost(wrong: number): Cost {
  const regular = 1 + Math.log2(LATER / FIRST) + wrong / LATER;
  // Once more for each sign, at the end, and for one failure.
  return { requests: CONVERSATION * Math.ceil(regular + BLOCKING.length + 2), wrong: 0 };
}

/** Statuses with which servers block a client; 0 for no answer. */
const BLOCKING: readonly number[] = [0, 403, 429, 503];
/** Refusals in a row that look like a block. */
const SIGNS = 2;

/**
 * Watches whether the server still accepts the valid key: some servers block a client after a number of wrong keys, and then a
 * refusal proves nothing. Presents the valid key from time to time, and at once if the refusals change.
 */
export class LockoutWatch {
  readonly #options: LockoutWatchOptions;
  /** Counts moments, so that they can be compared. */
  #moment = 0;
  #proven = 0;
  #from = 0;
  #usual: number | null = null;
  #signs = { status: -1, count: 0 };
  /** Statuses that turned out to be no sign. */
  readonly #harmless = new Set<number>();
  #isBlind = false;
  #checking: Promise<void> | null = null;
  #lockout: Lockout | null = null;

  constructor(options: LockoutWatchOptions) {
    this.#options = options;
  }

  get lockout(): Lockout | null {
    return this.#lockout;
  }

  /** Whether the server accepted the valid key after the last request without it. */
  get isCertain(): boolean {
    return this.#from === this.#options.wrong();
  }

  /** Returns a mark of this moment. */
  mark(): number {
    return ++this.#moment;
  }

  /** Returns whether the valid key was accepted after a mark, so that the refusals before it prove something. */
  isProven(mark: number): boolean {
    return mark < this.#proven;
  }

  /** Presents the valid key if that is due. Called before each request without it. */
  async beforeWrong(): Promise<void> {
    await this.#checking;
    if (!this.#isBlind && this.#lockout === null && this.#isDue()) await this.confirm();
  }

  /** Presents the valid key. */
  confirm(): Promise<void> {
    this.#checking ??= this.#confirm().finally(() => (this.#checking = null));
    return this.#checking;
  }

  /** Notes that an attempt with the valid key was accepted if it was. */
  async watching(attempt: () => Promise<Attempt>): Promise<Attempt> {
    const [mark, wrong] = [this.mark(), this.#options.wrong()];
    const result = await attempt();
    if (isAccepted(result) && mark > this.#proven) [this.#proven, this.#from] = [mark, wrong];
    return result;
  }

  /** Returns a function that sends requests without the valid key and notes how they are refused. */
  observe(send: HttpRequest): (init: HttpInit) => Promise<HttpResponse> {
    return async (init) => {
      try {
        const response = await send(init);
        this.#note(response.status);
        return response;
      } catch (error) {
        if (isServerFault(error)) this.#note(0);
        throw error;
      }
    };
  }

  #isDue(): boolean {
    const since = this.#options.wrong() - this.#from;
    return since >= Math.min(LATER, Math.max(FIRST, this.#from)) || this.#signs.count >= SIGNS;
  }

  #note(status: number): void {
    this.#usual ??= status;
    const isSign = BLOCKING.includes(status) && status !== this.#usual && !this.#harmless.has(status);
    this.#signs =
      isSign && status === this.#signs.status
        ? { status, count: this.#signs.count + 1 }
        : { status, count: isSign ? 1 : 0 };
  }

  async #confirm(): Promise<void> {
    const { present, wrong, onLockout } = this.#options;
    const from = this.#from;
    const before = this.#signs;
    let last = await this.watching(present);
    // A single failure may have another reason.
    if (isInconclusive(last)) last = await this.watching(present);
    if (isAccepted(last)) {
      if (before.count >= SIGNS) this.#harmless.add(before.status);
      this.#signs = { status: -1, count: 0 };
    } else if (isInconclusive(last) || (isConversation(last) && isRefusal(last.answer))) {
      this.#lockout = { from, to: wrong(), last };
      onLockout(this.#lockout);
    } else {
      // The server has a single session, for example.
      this.#isBlind = true;
    }
  }
}

/** Describes a lockout, completing "not sent, because …". */
export function describeLockout({ from, to, last }: Lockout, { redact }: { readonly redact: Redact }): string {
  const observed = isConversation(last) ? String(last.answer.status) : redact(last.message);
  if (to === 0) return `the server accepted your key at first, but not at the end (${observed})`;
  const after = to - from < 2 ? String(to) : `${String(from + 1)} to ${String(to)}`;
  if (!isConversation(last)) {
    return `the server stopped answering after ${after} requests without a valid key (${observed}): it blocks this client, or it crashed`;
  }
  return `the server blocked this client after ${after} requests without a valid key: your key, accepted before, now gets ${observed}`;
}
