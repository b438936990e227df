/** The epoch of a journal without records. Its first record gives it one. */
export const EMPTY_EPOCH = "empty";

/** An epoch that a person accepted after the history had gone back: the first epoch, how often that happened, and a random part. */
const ADOPTED = /^(.+)-(\d{1,9})-[0-9a-f]{8}$/;

/** Returns the epoch of a history whose first record does not name it: the start of the `sum` of that record. */
export function epochOf(sum: string): string {
  return sum.slice(0, 16);
}

/**
 * Returns the epoch that follows this one.
 * @param random - 8 hex digits
 */
export function epochAfter(epoch: string, random: string): string {
  const { first, count } = partsOf(epoch);
  return `${first.slice(0, 45)}-${String(count + 1)}-${random}`;
}

/** Returns whether an epoch follows another one: a person has accepted its history in place of that one. */
export function follows(epoch: string, earlier: string): boolean {
  const [later, before] = [partsOf(epoch), partsOf(earlier)];
  return isSameHistory(epoch, earlier) && later.count > before.count;
}

/** Returns whether two epochs began with the same history. */
export function isSameHistory(epoch: string, other: string): boolean {
  return partsOf(epoch).first === partsOf(other).first;
}

function partsOf(epoch: string): { first: string; count: number } {
  const [, first, count] = ADOPTED.exec(epoch) ?? [];
  return first === undefined ? { first: epoch, count: 0 } : { first, count: Number(count) };
}
