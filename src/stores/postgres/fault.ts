import { KeysError } from "../../errors.ts";
import { isObject } from "../../core/type-guards.ts";

/** Thrown when a query or a connection takes too long. The connection is then useless. */
export class TimeoutFault extends Error {
  override readonly name = "TimeoutFault";

  constructor() {
    super("timeout");
  }
}

/** Returns the SQLSTATE of an error that the server sent, or the code of a system error; empty without one. */
export function codeOf(fault: unknown): string {
  return isObject(fault) && typeof fault["code"] === "string" ? fault["code"] : "";
}

/** Returns whether the server rejected a statement and its connection still works. */
export function isRejected(fault: unknown): boolean {
  return isObject(fault) && fault["severity"] === "ERROR" && !/^(08|57P)/.test(codeOf(fault));
}

/** Returns whether the tables of a store are missing. */
export function isMissing(fault: unknown): boolean {
  // Undefined schema, table and function.
  return isRejected(fault) && ["3F000", "42P01", "42883"].includes(codeOf(fault));
}

/** Returns whether a connection was lost or never came about. */
export function isLost(fault: unknown): boolean {
  return !(fault instanceof KeysError) && !isRejected(fault);
}

/** Returns whether a query timed out. `pg` only says so in words. */
export function isTimeout(fault: unknown): boolean {
  return fault instanceof Error && codeOf(fault) === "" && /timeout/i.test(fault.message);
}

/** Returns whether the server ended a transaction that can be repeated: a deadlock, or a failed serialization. */
export function isRepeatable(fault: unknown): boolean {
  return ["40P01", "40001"].includes(codeOf(fault));
}
