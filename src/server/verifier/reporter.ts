import type { Epoch } from "../../core/key.ts";
import { missingPepper } from "../../core/missing-pepper.ts";
import { KeysError } from "../../errors.ts";
import type { KeyIndex } from "../key-index/key-index.ts";
import { describeThrown } from "./call-hook.ts";
import { countCode, type Counters } from "./counters.ts";
import { EndingLog } from "./ending-log.ts";

export interface ReporterOptions {
  /** The spec of the store. */
  readonly spec: string;
  /** Whether the verifier has no other store. */
  readonly isOnly: boolean;
  /** Seconds. */
  readonly maxStaleness: number;
  readonly counters: Counters;
  readonly log: (line: string) => void;
  readonly onFault: (fault: KeysError | null) => void;
}

/** Logs changes of state, each once. */
export interface Reporter {
  /** Reports a read of the store: its fault or `null`, and whether memory may still answer. */
  reportRead(fault: KeysError | null, fresh: boolean): void;
  /** Reports whether there are keys, which need a pepper that is missing, and which end soon. */
  reportKeys(index: KeyIndex, now: Epoch): void;
  /** Reports a batch of last-used times: `null`, or what the store threw. */
  reportUses(cause: unknown): void;
  reportHook(cause: unknown): void;
}

export function createReporter({ spec, isOnly, maxStaleness, counters, log, onFault }: ReporterOptions): Reporter {
  const lost = isOnly ? "requests" : "its tokens and those that no other store knows";
  let lastFault = "";
  let wasFresh = true;
  let wasEmpty = false;
  let wasWritten = true;
  let hookReported = false;
  const ending = new EndingLog(log);
  const effectOf = ({ code }: KeysError) =>
    code === "STORE_REWOUND" ? `${lost} now get 503` : `answering from memory for ${maxStaleness} s`;
  const peppersReported = new Set<string>();

  return {
    reportRead(fault, fresh) {
      if (fault !== null) {
        counters.faults++;
        countCode(counters.faultsByCode, fault.code);
      }
      const text = fault === null ? "" : `${fault.code} ${fault.message}`;
      if (text !== lastFault) {
        lastFault = text;
        if (fault === null) log(`mcp-keys: ${spec} answers again`);
        else log(`mcp-keys: ${fault.message} (${fault.code}); ${effectOf(fault)}: ${fault.hint}`);
        onFault(fault);
      }
      // After a new epoch, or in a process that stood still, memory is out of date for a moment although the store answers.
      if (!fresh && fault === null) return;
      if (wasFresh && !fresh && fault?.code !== "STORE_REWOUND")
        log(`mcp-keys: ${spec} has not answered for ${maxStaleness} s; ${lost} now get 503`);
      wasFresh = fresh;
    },
    reportKeys(index, now) {
      const { withoutPepper } = index;
      ending.report(index, now);
      const empty = index.size() === 0;
      if (empty && !wasEmpty) {
        const effect = isOnly ? ", so every request is refused" : "";
        log(`mcp-keys: no keys in ${spec}${effect}; ${fixForEmpty(spec)}`);
      }
      wasEmpty = empty;
      for (const id of withoutPepper.peppersAt(now)) {
        if (peppersReported.has(id)) continue;
        peppersReported.add(id);
        const fault = missingPepper(id, `keys in ${spec} need`);
        log(`mcp-keys: ${fault.message} (${fault.code}); requests with their tokens get 503: ${fault.hint}`);
      }
    },
    reportUses(cause) {
      const written = cause === null;
      if (wasWritten && !written) {
        const fault = cause instanceof KeysError ? `${cause.message} (${cause.code})` : "the store failed";
        log(`mcp-keys: last-used times cannot be written: ${fault}`);
      }
      if (!wasWritten && written) log("mcp-keys: last-used times are written again");
      wasWritten = written;
    },
    reportHook(cause) {
      if (hookReported) return;
      hookReported = true;
      log(`mcp-keys: onVerdict failed (${describeThrown(cause)}); the verdict is unchanged`);
    },
  };
}

function fixForEmpty(spec: string): string {
  if (spec === "env:") return "set MCP_API_KEY or MCP_API_KEYSET";
  return spec.startsWith("keyset:")
    ? "export it again with: mcp-keys export --keyset"
    : "issue one with: mcp-keys generate";
}
