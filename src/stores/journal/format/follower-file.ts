import { hash } from "node:crypto";
import { checkAcknowledgement, type Acknowledgement } from "../../../core/follower.ts";
import { isCount } from "../../../core/type-guards.ts";
import { verifiedSum } from "./line.ts";

const FORMAT = 1;
/** The size of every file, in bytes. It never grows, so it can be overwritten on a full disk. */
export const FOLLOWER_SIZE = 1024;

/** What a file about a follower says: see `docs/journal.md`. */
export interface FollowerRecord extends Acknowledgement {
  /** The process, as `processMark` names it; `null` where another process could not tell that it has ended. */
  readonly mark: string | null;
  /** Names the machine whose ticks these are; `null` if they cannot be compared. */
  readonly scope: string | null;
  /** The time of the acknowledgement in milliseconds, as the ticks of the machine and as its wall clock. */
  readonly ticks: number;
  readonly at: number;
}

/** Formats a file. As in a record, the last member is the `sum` of everything before it: it reveals a partial read. */
export function formatFollower(record: FollowerRecord): Buffer {
  const { id, name, position, lease, version, mark, scope, ticks, at } = record;
  const { epoch, seq } = position;
  const members = { v: FORMAT, id, name, epoch, seq, lease, version, mark, scope, ticks, at };
  const body = JSON.stringify(members).slice(0, -1);
  return Buffer.from(`${`${body},"sum":"${hash("sha256", body)}"}`.padEnd(FOLLOWER_SIZE - 1)}\n`);
}

/** Reads what {@link formatFollower} wrote. Returns `null` if it is incomplete, altered, hostile or of another version. */
export function parseFollower(bytes: Buffer): FollowerRecord | null {
  const end = bytes.lastIndexOf("}") + 1;
  if (verifiedSum(bytes, 0, end) === null) return null;
  try {
    const line = JSON.parse(bytes.toString("utf8", 0, end)) as Record<string, unknown>;
    const { id, name, epoch, seq, lease, version, mark, scope, ticks, at } = line;
    const record = { id, name, position: { epoch, seq }, lease, version, mark, scope, ticks, at } as FollowerRecord;
    checkAcknowledgement(record);
    const isValid = line["v"] === FORMAT && isCount(ticks) && isCount(at) && isMark(mark) && isMark(scope);
    return isValid ? record : null;
  } catch {
    return null;
  }
}

function isMark(value: unknown): boolean {
  return value === null || (typeof value === "string" && /^[0-9a-f-]{1,64}$/.test(value));
}
