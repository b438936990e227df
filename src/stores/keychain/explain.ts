import { KeysError } from "../../errors.ts";
import { KeychainFault } from "./fault.ts";
import type { FaultKind } from "./fault.ts";
import type { Host } from "./host.ts";
import { PACKAGES } from "./protocol.ts";
import type { KeychainEngine } from "./protocol.ts";

const MESSAGES: Readonly<Record<FaultKind, (engine: KeychainEngine) => string>> = {
  "not-installed": (engine) => `the package ${PACKAGES[engine]} is not installed, so the keychain cannot be reached`,
  unloadable: (engine) => `the package ${PACKAGES[engine]} does not load, so the keychain cannot be reached`,
  unavailable: () => "no keychain was found on this machine",
  locked: () => "the keychain is locked",
  "no-collection": () => "the keychain service has no keyring to store keys in",
  "timed-out": () => "the keychain did not answer in time",
  crashed: () => "the keychain stopped during a call",
  "too-large": () => "the value is too long for the keychain",
  denied: () => "the keychain denied access",
  unknown: () => "the keychain failed for an unknown reason",
};

/** Reads the password from standard input; an empty line means none. */
const UNLOCK = "gnome-keyring-daemon --unlock --components=secrets";
const SESSION = `start one with: dbus-run-session -- sh -c '${UNLOCK} && exec $SHELL'`;
const CREATE = `create one, with its password on standard input: ${UNLOCK}`;

const LOCKED: Readonly<Record<Host, string>> = {
  macos: "unlock it with: security unlock-keychain",
  "macos-ssh": "macOS shows no prompt over SSH; unlock it with: security unlock-keychain",
  windows: "sign in to Windows and run the command again",
  wsl: `unlock it with: ${UNLOCK}`,
  container: `unlock it with: ${UNLOCK}`,
  ssh: `no prompt can be shown over SSH; unlock it with: ${UNLOCK}`,
  desktop: "unlock the login keyring (in its prompt, or in Passwords and Keys) and run the command again",
  headless: `unlock it with: ${UNLOCK}`,
};

const UNAVAILABLE: Readonly<Record<Host, string>> = {
  macos: "list the keychains with: security list-keychains",
  "macos-ssh": "list the keychains with: security list-keychains",
  windows: "start its service with: sc start VaultSvc",
  wsl: `WSL has no keychain by default; install gnome-keyring, then ${SESSION}`,
  container: `a container has no keychain by default; install gnome-keyring and dbus, then ${SESSION}`,
  ssh: `this session has no D-Bus; ${SESSION}`,
  desktop: "start it with: gnome-keyring-daemon --start --components=secrets",
  headless: `no desktop session is running; ${SESSION}`,
};

const NO_COLLECTION: Readonly<Record<Host, string>> = {
  ...LOCKED,
  wsl: CREATE,
  container: CREATE,
  ssh: CREATE,
  desktop: "create one named Login in Passwords and Keys, or sign out and in again",
  headless: CREATE,
};

const IF_LOCKED = `if it is locked, unlock it with: ${UNLOCK}; if it hangs, end gnome-keyring-daemon`;

const TIMED_OUT: Readonly<Record<Host, string>> = {
  macos: "look for a prompt behind other windows, and run the command again",
  "macos-ssh": "macOS shows no prompt over SSH; unlock it with: security unlock-keychain",
  windows: "run the command again",
  wsl: IF_LOCKED,
  container: IF_LOCKED,
  ssh: "look for a prompt on the desktop of that machine, answer it, and run the command again",
  desktop:
    "look for a prompt behind other windows; if there is no prompt, end gnome-keyring-daemon and run the command again",
  headless: IF_LOCKED,
};

/** Turns a {@link KeychainFault} into an error with a hint for this machine. Returns any other cause unchanged. */
export function explain(cause: unknown, engine: KeychainEngine, host: Host): unknown {
  if (!(cause instanceof KeychainFault)) return cause;
  const { kind } = cause;
  return new KeysError(kind === "locked" ? "STORE_LOCKED" : "STORE_UNAVAILABLE", MESSAGES[kind](engine), {
    hint: fixOf(kind, engine, host),
    cause,
  });
}

/** Returns the next step on this machine, and always an alternative without a keychain. */
export function fixOf(kind: FaultKind, engine: KeychainEngine, host: Host): string {
  return `${stepOf(kind, engine, host)}; or choose a store that needs no keychain: --store file:`;
}

function stepOf(kind: FaultKind, engine: KeychainEngine, host: Host): string {
  switch (kind) {
    case "not-installed":
      return engine === "keytar"
        ? "install it next to mcp-keys with: npm install keytar"
        : `install it next to mcp-keys with: npm install ${PACKAGES.keyring} (npm skips it with --omit=optional)`;
    case "unloadable":
      return engine === "keytar" && host !== "windows" && !host.startsWith("macos")
        ? "install libsecret (Debian: apt-get install libsecret-1-0), or use --store keychain:"
        : "install it again on this system, with its optional packages: npm install --include=optional";
    case "locked":
      return LOCKED[host];
    case "no-collection":
      return NO_COLLECTION[host];
    case "timed-out":
      return TIMED_OUT[host];
    case "unavailable":
      return UNAVAILABLE[host];
    case "crashed":
      return "run the command again";
    case "denied":
      return host.startsWith("macos")
        ? "allow access when macOS asks, or add node to the item in Keychain Access"
        : "allow access when the keychain asks, and run the command again";
    case "too-large":
      return "shorten the id of the pepper in MCP_KEYS_PEPPER";
    case "unknown":
      return "run the command again with --verbose to see the keychain's own message";
  }
}
