import type { Position } from "../../core/position.ts";
import { KeysError } from "../../errors.ts";
import type { Row } from "./database.ts";
import { SCHEMA_VERSION } from "./schema-sql.ts";
import { checkVersion } from "./setup.ts";

/** The position of the store with what proves it: the SHA-256 of the last record, and when its epoch started. */
export interface Head extends Position {
  /** The `sum` of the record `seq`. */
  readonly sum: string;
  /** The latest time in the history. */
  readonly newest: number;
  /** In microseconds of the database's clock. A later epoch starts later. */
  readonly started: number;
}

/**
 * Remembers what this process saw of a history, and notices when the database no longer has it: after a restore from an old backup, or
 * a failover to a standby that lagged behind.
 */
export class Continuity {
  #seen: Head | null = null;
  readonly #place: string;

  constructor(place: string) {
    this.#place = place;
  }

  /** What was seen before a query is sent. Pass it to {@link check} with the answer, because answers may overtake each other. */
  get seen(): Head | null {
    return this.#seen;
  }

  /** Starts again, after a new epoch or a removal by this process. */
  forget(): void {
    this.#seen = null;
  }

  /**
   * Reads the columns of {@link headColumns}.
   * @throws {@link KeysError} `STORE_REWOUND`, `STORE_UNAVAILABLE` for tables of a newer version
   */
  check(row: Row | undefined, seen: Head | null): Head {
    const head = parseHead(row);
    if (seen !== null && isRewound(head, row?.["seen_sum"] ?? null, seen)) throw rewound(this.#place);
    this.note(head);
    return head;
  }

  /** Remembers a head, unless a later one is known. */
  note(head: Head): void {
    const last = this.#seen;
    const isLater = last === null || head.started > last.started || (head.epoch === last.epoch && head.seq > last.seq);
    if (isLater) this.#seen = head;
  }

  /** Returns the fault of a store whose tables are missing, or `null` if they were never there. */
  checkMissing(): KeysError | null {
    if (this.#seen === null) return null;
    return new KeysError("STORE_UNAVAILABLE", `${this.#place} no longer has the tables of the store`, {
      hint: "if its keys were moved, restart the process that reads it with the other store",
    });
  }
}

/** Returns the fault of a history that went back. */
export function rewound(place: string): KeysError {
  return new KeysError("STORE_REWOUND", `the history in ${place} is not the one that was read before`);
}

/**
 * Returns the columns of `head h` that {@link Continuity.check} reads.
 * @param seen - the value of {@link Continuity.seen}
 */
export function headColumns(schema: string, seen: Head | null): string {
  return `h.schema_version::text, h.epoch, h.seq::text as head_seq, h.sum as head_sum, h.newest::text,
    (extract(epoch from h.started) * 1000000::numeric)::bigint::text as started,
    (select s.sum from ${schema}.changes s where s.seq = ${String(seen?.seq ?? 0)}) as seen_sum`;
}

export function parseHead(row: Row | undefined): Head {
  const version = Number(row?.["schema_version"] ?? 0);
  checkVersion(version);
  if (row === undefined || version < SCHEMA_VERSION) {
    throw new KeysError("STORE_UNAVAILABLE", "the tables of the store are incomplete or of an older version", {
      hint: "update them as their owner with: mcp-keys store schema",
    });
  }
  return {
    epoch: row["epoch"] ?? "",
    seq: Number(row["head_seq"]),
    sum: row["head_sum"] ?? "",
    newest: Number(row["newest"]),
    started: Number(row["started"]),
  };
}

function isRewound(head: Head, sumThen: string | null, seen: Head): boolean {
  // An old backup may have an earlier epoch. Only a person starts a later one.
  if (head.epoch !== seen.epoch) return head.started <= seen.started;
  return head.seq < seen.seq || (seen.seq > 0 && sumThen !== seen.sum);
}
