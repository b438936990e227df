import { KeysError } from "../errors.ts";
import { formatTime } from "./duration.ts";
import type { Epoch } from "./key.ts";
import { isCount, isObject, isString } from "./type-guards.ts";
import { isServerName, type Use } from "./usage.ts";

/** The format version of a report, its member `usage`. */
export const REPORT_FORMAT = 1;
/** Larger reports, in bytes, are something else: this is room for 800,000 uses. */
export const MAX_REPORT = 64 * 1024 * 1024;

/** What a server that reads a keyset saw until `at`. Contains no secret: ids, version numbers and times. */
export interface UsageReport {
  /** The spec of the store that the keyset was made from. */
  readonly store: string;
  readonly server: string;
  readonly at: Epoch;
  readonly uses: readonly Omit<Use, "server">[];
}

/** Returns a report as one line of JSON. Times are RFC 3339 in UTC. */
export function formatReport({ store, server, at, uses }: UsageReport): string {
  const listed = uses.map((use) => ({ id: use.id, n: use.n, at: formatTime(use.at) }));
  return `${JSON.stringify({ usage: REPORT_FORMAT, store, server, at: formatTime(at), uses: listed })}\n`;
}

/**
 * Parses reports, one a line. Checks every member that the format knows and ignores others.
 * @param source - what to call the text in errors, such as its path
 * @throws {@link KeysError} `REPORT_INVALID` with the line of the fault; never quotes the text, because it may be something secret
 */
export function parseReports(text: string, source: string): UsageReport[] {
  if (text.length > MAX_REPORT) throw invalid(`${source} is too large for usage reports`);
  const reports: UsageReport[] = [];
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    // A byte order mark, as Windows writes it.
    const content = line.replace(/^\uFEFF/, "").trim();
    if (content !== "") reports.push(parseReport(content, `line ${String(i + 1)} of ${source}`));
  }
  if (reports.length === 0) throw invalid(`${source} contains no usage report`);
  return reports;
}

function parseReport(line: string, place: string): UsageReport {
  const document = parseJson(line);
  if (!isObject(document) || !isCount(document["usage"])) throw invalid(`${place} is not a usage report`);
  if (document["usage"] !== REPORT_FORMAT) {
    throw new KeysError("REPORT_INVALID", `${place} was written by another version of mcp-keys`, {
      hint: "use the same version of mcp-keys here and on the server",
    });
  }
  const { store, server, at, uses } = document;
  if (!isString(store) || store.length > 4096 || !isServerName(server)) throw invalid(`${place} lacks a member`);
  const reported = epochOf(at);
  if (reported === null || !Array.isArray(uses)) throw invalid(`${place} lacks a member`);
  const parsed = uses.map(parseUse);
  const fault = parsed.indexOf(null);
  if (fault !== -1) throw invalid(`${place} has a fault in use ${String(fault + 1)}`);
  return { store, server, at: reported, uses: parsed.filter((use) => use !== null) };
}

function parseUse(value: unknown): Omit<Use, "server"> | null {
  if (!isObject(value)) return null;
  const { id, n } = value;
  const at = epochOf(value["at"]);
  return isString(id) && /^[0-9A-Za-z]{12}$/.test(id) && isCount(n) && n > 0 && at !== null ? { id, n, at } : null;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

/** Returns `null` unless the text is a time as {@link formatTime} writes it. */
function epochOf(value: unknown): Epoch | null {
  if (!isString(value) || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value)) return null;
  const at = Date.parse(value) / 1000;
  return Number.isInteger(at) && at >= 0 && formatTime(at) === value ? at : null;
}

function invalid(message: string): KeysError {
  return new KeysError("REPORT_INVALID", message);
}
