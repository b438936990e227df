import { KeysError } from "../../errors.ts";
import type { Counters } from "./counters.ts";
import type { KeyIndex } from "../key-index/key-index.ts";

export interface ReporterOptions {
  /** What the store calls itself. */
  readonly spec: string;
  /** Seconds. */
  readonly maxStaleness: number;
  readonly counters: Counters;
  readonly log: (line: string) => void;
  readonly onFault: (fault: KeysError | null) => void;
}

/** Tells the server's log what has changed: once, however often it is told the same. */
export interface Reporter {
  /** After each look at the store: `null` or its complaint, and whether memory may still answer. */
  looked(fault: KeysError | null, fresh: boolean): void;
  holds(index: KeyIndex): void;
  /** After each batch of last-used times: `null`, or what the store threw. */
  saved(cause: unknown): void;
  hookFailed(cause: unknown): void;
}

export function createReporter({ spec, maxStaleness, counters, log, onFault }: ReporterOptions): Reporter {
  let last = "";
  let wasFresh = true;
  let wasEmpty = false;
  let wasSaved = true;
  let hookTold = false;
  const peppersTold = new Set<string>();

  return {
    looked(fault, fresh) {
      if (fault !== null) counters.faults++;
      const complaint = fault === null ? "" : `${fault.code} ${fault.message}`;
      if (complaint !== last) {
        last = complaint;
        if (fault === null) log(`mcp-keys: ${spec} answers again`);
        else
          log(`mcp-keys: ${fault.message} (${fault.code}); answering from memory for ${maxStaleness} s: ${fault.hint}`);
        onFault(fault);
      }
      if (wasFresh && !fresh) log(`mcp-keys: ${spec} has not answered for ${maxStaleness} s; requests now get 503`);
      wasFresh = fresh;
    },
    holds({ size, unknownPeppers }) {
      const empty = size === 0;
      if (empty && !wasEmpty) {
        log(`mcp-keys: no key in ${spec}: every request is refused; issue one with: mcp-keys generate`);
      }
      wasEmpty = empty;
      for (const id of unknownPeppers) {
        if (peppersTold.has(id)) continue;
        peppersTold.add(id);
        log(`mcp-keys: keys in ${spec} need the pepper ${id}, which was not given: their tokens are refused`);
      }
    },
    saved(cause) {
      const saved = cause === null;
      if (wasSaved && !saved) {
        const what = cause instanceof KeysError ? `${cause.message} (${cause.code})` : "the store failed";
        log(`mcp-keys: last-used times cannot be written: ${what}`);
      }
      if (!wasSaved && saved) log("mcp-keys: last-used times are written again");
      wasSaved = saved;
    },
    hookFailed(cause) {
      if (hookTold) return;
      hookTold = true;
      log(`mcp-keys: onVerdict threw ${cause instanceof Error ? cause.name : typeof cause}; the verdict stands`);
    },
  };
}
