import type { ChildReply } from "./protocol.ts";

/** How a keychain failed. */
export type FaultKind =
  /** The engine's package is not installed. */
  | "not-installed"
  /** The package does not load: it was built for another system, or a system library is missing. */
  | "unloadable"
  /** This machine has no keychain, or it cannot be reached. */
  | "unavailable"
  | "locked"
  /** A Secret Service without a keyring. */
  | "no-collection"
  | "timed-out"
  /** The keychain, or the process that asks it, crashed. */
  | "crashed"
  | "too-large"
  | "denied"
  | "unknown";

/** A failure of the keychain. `explain` turns it into an error with a hint for this machine. */
export class KeychainFault extends Error {
  override readonly name = "KeychainFault";
  readonly kind: FaultKind;

  /** @param text - The engine's own words. Shown only with `--verbose`. */
  constructor(kind: FaultKind, text: string) {
    super(text);
    this.kind = kind;
  }
}

/** Engines give only an English text. The first match wins. */
const TEXTS: readonly (readonly [FaultKind, RegExp])[] = [
  ["locked", /prompt was dismissed|IsLocked|locked collection|-25308|interaction is not allowed/i],
  ["denied", /-25293|-128\b|user (name or passphrase|canceled)|AccessDenied|permission denied/i],
  ["too-large", /\b1783\b|stub received bad data|longer than|TooLong/i],
  ["no-collection", /no result found|collection\/login|Object does not exist at path|NoSuchObject/i],
  ["timed-out", /did not receive a reply|NoReply|timeout was reached|timed out|\bTimeout\b/i],
  ["crashed", /disconnected from message bus|connection (was|is) (closed|disconnected)|remote peer disconnected/i],
  ["unloadable", /cannot open shared object|dlopen|native binding|was compiled against|not a valid win32/i],
  [
    "unavailable",
    /not provided by any|autolaunch|failed to connect|could not connect|os error|ServiceUnknown|NameHasNoOwner|spawn|no such file/i,
  ],
];

/** Classifies an engine's error text. */
export function kindOf(text: string): FaultKind {
  return TEXTS.find(([, pattern]) => pattern.test(text))?.[0] ?? "unknown";
}

/** Tells whether the same call may succeed a moment later: the bus was overloaded, or the service is restarting. */
export function isTransient(cause: unknown): boolean {
  return cause instanceof KeychainFault && (cause.kind === "timed-out" || cause.kind === "crashed");
}

/** The failures that the keychain itself reports. */
const REPORTED: readonly FaultKind[] = ["locked", "no-collection", "too-large", "denied"];

/** Tells whether a reply proves that the keychain works, even a refusal. "Absent" does not: engines report it for a locked keyring too. */
export function isFromKeychain(reply: ChildReply): boolean {
  if (reply.ok) return reply.value !== null && reply.removed !== false;
  return REPORTED.includes(kindOf(reply.text));
}
