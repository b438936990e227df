import type { Demand, Reason, RefusedVerdict } from "../../core/judge.ts";
import type { Epoch, Key, KeyId } from "../../core/key.ts";

/** Lines per window for each reason. Further refusals are counted in one line, so an attack cannot fill a disk. */
const LINES = 10;
/** Seconds. */
const WINDOW = 60;

/** Details for the log, which must not quote the token. A function runs only if the line is written. */
export type Detail = string | (() => string);

/** A refusal by verdict, or by the guard for another reason. */
type Refusal = Omit<RefusedVerdict, "ok" | "reason"> & { readonly ok?: false; readonly reason: string };

/** The kind of the lines about problems of the server. The others are reasons. Each kind has its own limit. */
const PROBLEM = "problem";

/** Writes refusals and problems of requests to a log, one line each, at a limited rate. */
export class RefusalLog {
  readonly #write: (line: string) => void;
  readonly #windows = new Map<string, { since: Epoch; lines: number; more: number }>();

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  /** @param id - the key id in the token, if the token belongs to no key */
  log({ reason, key, version }: Refusal, now: Epoch, detail: Detail, id?: KeyId): void {
    if (!this.#take(reason, now)) return;
    const whose = key === undefined ? "" : `key ${key.name} (${key.id}), version ${version?.n ?? "?"}`;
    const parts = [whose, typeof detail === "string" ? detail : detail(), id ?? ""].filter((part) => part !== "");
    this.#write(`mcp-keys: refused (${reason})${parts.length === 0 ? "" : `: ${parts.join(" ")}`}`);
  }

  logProblem(text: string, now: Epoch): void {
    if (this.#take(PROBLEM, now)) this.#write(`mcp-keys: ${text}`);
  }

  /** Logs how many lines were left out of the windows that are over; of all windows if no time is given. */
  summarize(now?: Epoch): void {
    for (const [kind, { since, more }] of this.#windows) {
      if (now !== undefined && !isOver(since, now)) continue;
      this.#windows.delete(kind);
      this.#sum(kind, more);
    }
  }

  /** Returns whether one more line of this kind may be written now. */
  #take(kind: string, now: Epoch): boolean {
    let window = this.#windows.get(kind);
    if (window === undefined || isOver(window.since, now)) {
      if (window !== undefined) this.#sum(kind, window.more);
      this.#windows.set(kind, (window = { since: now, lines: 0, more: 0 }));
    }
    if (window.lines === LINES) window.more++;
    else window.lines++;
    return window.more === 0;
  }

  #sum(kind: string, more: number): void {
    if (more === 0) return;
    this.#write(`mcp-keys: ${kind === PROBLEM ? "problems" : `refused (${kind})`}: ${more} more within a minute`);
  }
}

function isOver(since: Epoch, now: Epoch): boolean {
  return Math.abs(now - since) >= WINDOW;
}

/** Describes for the log what the key lacks. Empty if the reason says enough. */
export function describeRefusal(reason: Reason, key: Key, { scopes = [], audience }: Demand): string {
  if (reason === "insufficient-scope") {
    return `lacks the scope ${scopes.filter((scope) => !key.scopes.includes(scope)).join(" ")}`;
  }
  const isUnset = reason === "wrong-audience" && audience === null;
  return isUnset ? "the key has an audience; set `audience` here" : "";
}
