import type { Check } from "./check.ts";
import { rejectsAnonymousSession } from "./checks/rejects-anonymous-session.ts";
import { rejectsBogusKey } from "./checks/rejects-bogus-key.ts";
import { rejectsChangedKey } from "./checks/rejects-changed-key.ts";
import { rejectsWrongSecret } from "./checks/rejects-wrong-secret.ts";
import { requiresKey } from "./checks/requires-key.ts";
import { requiresKeyForEveryMessage } from "./checks/requires-key-for-every-message.ts";
import { requiresKeyForToolCall } from "./checks/requires-key-for-tool-call.ts";
import { requiresKeyInSession } from "./checks/requires-key-in-session.ts";

/**
 * The checks that tell most, most telling first: no key, a made-up key, a changed key, a session. They run before all others, so
 * that a run that a server cuts short has proven the most. The report keeps the order of `CHECKS`.
 */
export const MOST_TELLING: readonly Check[] = [
  requiresKey,
  rejectsBogusKey,
  rejectsWrongSecret,
  rejectsChangedKey,
  requiresKeyInSession,
  rejectsAnonymousSession,
  requiresKeyForEveryMessage,
  requiresKeyForToolCall,
];

/** Sorts checks into the order in which they run: {@link MOST_TELLING}, then the order of `CHECKS`. */
export function inRunningOrder(checks: readonly Check[]): Check[] {
  const telling = MOST_TELLING.filter((check) => checks.includes(check));
  return [...telling, ...checks.filter((check) => !telling.includes(check))];
}
