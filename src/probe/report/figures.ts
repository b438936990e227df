/**
 * What a test measured with keys of its own, in seconds, rounded up to tenths; `null` if the server took longer than `--patience`.
 * @example
 * ```ts
 * import type { Figures } from "mcp-keys";
 *
 * const isPrompt = ({ revokedKeySeconds = null }: Figures): boolean => revokedKeySeconds !== null && revokedKeySeconds < 5;
 * ```
 */
export interface Figures {
  /** How long a revoked key was still accepted. */
  readonly revokedKeySeconds?: number | null;
  /** How long a stream stayed open after its key was revoked. Absent if the server opened none. */
  readonly revokedStreamSeconds?: number | null;
}

/** Describes the figures in one line; `null` if nothing was measured. */
export function describeFigures({ revokedKeySeconds, revokedStreamSeconds }: Figures): string | null {
  const key = revokedKeySeconds === undefined ? [] : [`key rejected ${describe(revokedKeySeconds)}`];
  const stream = revokedStreamSeconds === undefined ? [] : [`stream ended ${describe(revokedStreamSeconds)}`];
  return key.length + stream.length === 0 ? null : [...key, ...stream].join(", ");
}

function describe(seconds: number | null): string {
  return seconds === null ? "too late" : `within ${seconds.toFixed(1)} s`;
}
