import { KeysError } from "../../errors.ts";
import type { Host } from "./host.ts";
import { fixOf } from "./mend.ts";
import type { KeychainEngine, Reply } from "./protocol.ts";
import { PACKAGES } from "./protocol.ts";

/** In which way a keychain failed. */
export type Trouble =
  /** The engine's package is not installed. */
  | "not-installed"
  /** It is, and does not load: made for another system, or a library of the system is missing. */
  | "unloadable"
  /** No keychain answers here at all. */
  | "unavailable"
  | "locked"
  /** A Secret Service without a keyring in it. */
  | "no-collection"
  | "timed-out"
  /** A process of the keychain crashed. */
  | "crashed"
  | "too-large"
  | "denied"
  | "unknown";

/** A failure of the keychain, before it is put into words for a machine. */
export class KeychainFault extends Error {
  override readonly name = "KeychainFault";
  readonly trouble: Trouble;

  /** @param text - What the engine said. Shown only with `--verbose`. */
  constructor(trouble: Trouble, text: string) {
    super(text);
    this.trouble = trouble;
  }
}

/** All that engines give is a text in English. The first that fits. */
const TEXTS: readonly (readonly [Trouble, RegExp])[] = [
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

/** Which trouble an engine's words mean. */
export function troubleOf(text: string): Trouble {
  return TEXTS.find(([, pattern]) => pattern.test(text))?.[0] ?? "unknown";
}

/** Whether the same call may well succeed a moment later: the bus was overloaded, or its other end is starting again. */
export function isPassing(cause: unknown): boolean {
  return cause instanceof KeychainFault && (cause.trouble === "timed-out" || cause.trouble === "crashed");
}

/** Of these it is the keychain itself that speaks. */
const SPOKEN: readonly Trouble[] = ["locked", "no-collection", "too-large", "denied"];

/** Whether a reply shows that the keychain works, if only to refuse. "Absent" does not: engines say it of what they cannot ask. */
export function isSign(reply: Reply): boolean {
  if (reply.ok) return reply.value !== null && reply.removed !== false;
  return SPOKEN.includes(troubleOf(reply.text));
}

const WORDS: Readonly<Record<Trouble, (engine: KeychainEngine) => string>> = {
  "not-installed": (engine) => `the package ${PACKAGES[engine]} is not installed, so the keychain cannot be reached`,
  unloadable: (engine) => `the package ${PACKAGES[engine]} does not load here, so the keychain cannot be reached`,
  unavailable: () => "no keychain answers here",
  locked: () => "the keychain is locked",
  "no-collection": () => "the keychain service has no keyring to keep anything in",
  "timed-out": () => "the keychain did not answer in time",
  crashed: () => "the keychain broke off in the middle of a call",
  "too-large": () => "the keychain does not take a value of this length",
  denied: () => "the keychain refused access",
  unknown: () => "the keychain failed in a way that is not known",
};

/** The failure in words, with its mend on this machine. What is no {@link KeychainFault} stays as it is. */
export function explain(cause: unknown, engine: KeychainEngine, host: Host): unknown {
  if (!(cause instanceof KeychainFault)) return cause;
  const { trouble } = cause;
  const hint = fixOf(trouble, engine, host);
  return new KeysError(trouble === "locked" ? "STORE_LOCKED" : "STORE_UNAVAILABLE", WORDS[trouble](engine), {
    hint,
    cause,
  });
}
