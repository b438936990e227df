import { count } from "../core/count.ts";
import { formatTime } from "../core/duration.ts";
import type { Follower } from "../core/follower.ts";
import { formatPosition, type Position } from "../core/position.ts";

export const UP_TO_DATE = "up to date";

/** The state of a server whose lease ran out does not depend on its position: it accepts no token. */
export function serverState({ position, leaseLeft }: Follower, head: Position): string {
  if (leaseLeft <= 0) return "stopped, or answers 503";
  if (position.epoch !== head.epoch) return "follows an earlier history";
  const lag = head.seq - position.seq;
  return lag <= 0 ? UP_TO_DATE : `${count(lag, "change")} behind`;
}

export function serverJson(follower: Follower, head: Position, now: number): Record<string, unknown> {
  const { id, name, position, leaseLeft, version } = follower;
  return {
    ...{ id, name, position: formatPosition(position) },
    lag: position.epoch === head.epoch ? Math.max(head.seq - position.seq, 0) : null,
    isAccepting: leaseLeft > 0,
    version,
    lastSeenAt: formatTime(serverSeenAt(follower, now)),
  };
}

export function serverSeenAt({ seenAgo }: Follower, now: number): number {
  return Math.max(0, Math.floor(now - seenAgo / 1000));
}
