import { KeysError } from "../errors.ts";
import { isCount, isObject } from "./type-guards.ts";

/**
 * A point in the history of a store, after the change with this `seq`. Two histories never have the same epoch, so positions can be
 * compared only within one.
 * @example
 * ```ts
 * import { openStore, type Position } from "mcp-keys";
 *
 * const store = await openStore("memory:");
 * const { epoch, seq } = await store.snapshot();
 * const position: Position = { epoch, seq };
 * ```
 */
export interface Position {
  /** The random name of the history: 1 to 64 of `[A-Za-z0-9-]`. A store that was restored from a backup gets a new one. */
  readonly epoch: string;
  /** Counts the changes of the history. 0 before the first one. */
  readonly seq: number;
}

const POSITION = /^([A-Za-z0-9-]{1,64})\.(0|[1-9]\d{0,14})$/;

/**
 * Formats a position as `epoch.seq`, for commands and JSON.
 * @example
 * ```ts
 * import { formatPosition } from "mcp-keys";
 *
 * console.log(formatPosition({ epoch: "7Fq2x9Lm0aBc", seq: 17 })); // 7Fq2x9Lm0aBc.17
 * ```
 */
export function formatPosition({ epoch, seq }: Position): string {
  return `${epoch}.${String(seq)}`;
}

/**
 * Parses `epoch.seq`.
 * @throws {@link KeysError} `USAGE`
 * @example
 * ```ts
 * import { parsePosition } from "mcp-keys";
 *
 * const { epoch, seq } = parsePosition("7Fq2x9Lm0aBc.17");
 * ```
 */
export function parsePosition(text: string): Position {
  const [, epoch, seq] = POSITION.exec(text) ?? [];
  if (epoch !== undefined && seq !== undefined) return { epoch, seq: Number(seq) };
  throw new KeysError("USAGE", "this is not a position", {
    hint: "pass the position that generate, rotate, revoke or update printed with --json, such as 7Fq2x9Lm0aBc.17",
  });
}

/** Returns whether a value is a position. */
export function isPosition(value: unknown): value is Position {
  return isObject(value) && isCount(value["seq"]) && isEpochName(value["epoch"]);
}

/** Returns whether a value is the name of a history. */
export function isEpochName(value: unknown): value is string {
  return typeof value === "string" && POSITION.test(`${value}.0`);
}

/** Returns whether everything up to `wanted` is included at `position`: same epoch, and no lower `seq`. */
export function includes(position: Position, wanted: Position): boolean {
  return position.epoch === wanted.epoch && position.seq >= wanted.seq;
}
