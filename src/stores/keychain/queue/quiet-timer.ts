export const TICK_MS = 100;
/** The longest wait, even with heartbeats: any local user can send them. */
export const LONGEST_MS = 60_000;

/**
 * Measures how long the keychain has been quiet. It counts ticks instead of reading a clock: a late tick counts once, so a machine
 * that is too busy to run this process does not look like a keychain that hangs.
 */
export class QuietTimer {
  /** Milliseconds since the keychain answered any process. */
  quiet = 0;
  /** Milliseconds since it answered this process. */
  total = 0;

  /** @param isAlive - Whether another process got an answer since the last tick. */
  tick(isAlive: boolean): void {
    this.total += TICK_MS;
    this.quiet = isAlive ? 0 : this.quiet + TICK_MS;
  }

  isOver(limitMs: number): boolean {
    return this.quiet >= limitMs || this.total >= LONGEST_MS;
  }

  reset(): void {
    this.quiet = this.total = 0;
  }
}
