import { formatTime, isEpoch } from "../../core/duration.ts";
import type { Epoch, Key, KeyId, Version } from "../../core/key.ts";
import { formatPosition, type Position } from "../../core/position.ts";
import { systemNow, systemTicks } from "../../world.ts";
import { callHook } from "../verifier/call-hook.ts";
import type { AccessRecord } from "./access-record.ts";

/** Who calls: a key and the version of its token. */
export interface Caller {
  readonly key: Key;
  readonly version: Version;
}

/** What a server wants to know of each call. */
export interface AccessHooks {
  readonly onAccess?: ((record: AccessRecord) => void) | undefined;
  readonly accessLog?: ((line: string) => void) | undefined;
}

export interface AccessLogOptions extends AccessHooks {
  readonly now: () => Epoch;
  /** Returns the position that a verdict about a key rests on, `null` for no key. */
  readonly positionOf: (id: KeyId | null, at: Epoch) => Position | null;
  /** Called with what a hook threw. */
  readonly onError: (cause: unknown) => void;
}

/** A decision about a request, at the time it was made. */
export interface Decision extends Pick<AccessRecord, "at" | "key" | "version" | "position"> {
  readonly verdict: AccessRecord["verdict"];
  readonly reason: string | null;
}

/** What a record says about the call itself. */
export type CallFacts = Pick<AccessRecord, "http" | "method" | "tool" | "ms" | "address" | "more">;

/** Passes records of calls to the hooks of a server. */
export class AccessLog {
  readonly #options: AccessLogOptions;

  constructor(options: AccessLogOptions) {
    this.#options = options;
  }

  /** Returns milliseconds of a monotonic clock. */
  ticks(): number {
    return systemTicks();
  }

  /** Returns a decision with its time and position. Call it when the verdict is given. */
  decide(verdict: AccessRecord["verdict"], reason: string | null, caller: Partial<Caller> | null): Decision {
    const { key, version } = caller ?? {};
    const now = this.#options.now();
    // The clock of the server may have failed.
    const at = isEpoch(now) ? now : systemNow();
    const position = this.#options.positionOf(key?.id ?? null, at);
    return {
      ...{ at: formatTime(at), verdict, reason },
      key: key === undefined ? null : { id: key.id, name: key.name, owner: key.owner ?? null },
      version: version?.n ?? null,
      position: position === null ? null : formatPosition(position),
    };
  }

  /** Passes one record on. Never throws. */
  write(decision: Decision, call: CallFacts): void {
    const { at, verdict, reason, key, version, position } = decision;
    const { http, method, tool, ms, address, more } = call;
    const record: AccessRecord = {
      ...{ at, verdict, reason, key, version, http, method, tool, ms, position, address },
      ...(more !== undefined && { more }),
    };
    const { onAccess, accessLog, onError } = this.#options;
    if (onAccess !== undefined) callHook(onAccess, record, onError);
    if (accessLog !== undefined) callHook(accessLog, JSON.stringify(record), onError);
  }
}

/** Returns `null` if the server wants no records. */
export function createAccessLog(options: AccessLogOptions): AccessLog | null {
  return options.onAccess === undefined && options.accessLog === undefined ? null : new AccessLog(options);
}
