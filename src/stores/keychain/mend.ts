import type { Trouble } from "./fault.ts";
import type { Host } from "./host.ts";
import type { KeychainEngine } from "./protocol.ts";
import { PACKAGES } from "./protocol.ts";

const FILE = "or choose a store that needs no keychain: --store file:";
/** Any line on its standard input will do; an empty one makes a keyring without a password. */
const UNLOCK = "gnome-keyring-daemon --unlock --components=secrets";
const SESSION = `start one with: dbus-run-session -- sh -c '${UNLOCK} && exec $SHELL'`;

const LOCKED: Readonly<Record<Host, string>> = {
  macos: "unlock it with: security unlock-keychain",
  "macos-ssh": "over SSH nobody is asked; unlock it with: security unlock-keychain",
  windows: "sign in to Windows and run the command again",
  wsl: `unlock it with: ${UNLOCK}`,
  container: `unlock it with: ${UNLOCK}`,
  ssh: `over SSH nobody is asked; unlock it with: ${UNLOCK}`,
  desktop: "unlock the login keyring (its prompt, or the program Passwords and Keys), and run the command again",
  headless: `unlock it with: ${UNLOCK}`,
};

const AWAY: Readonly<Record<Host, string>> = {
  macos: "see whether it is there with: security list-keychains",
  "macos-ssh": "see whether it is there with: security list-keychains",
  windows: "start the service that keeps it: sc start VaultSvc",
  wsl: `WSL has no keychain of its own; install gnome-keyring, then ${SESSION}`,
  container: `a container has no keychain of its own; install gnome-keyring and dbus, then ${SESSION}`,
  ssh: `no session of a desktop is reached from here; ${SESSION}`,
  desktop: "start it with: gnome-keyring-daemon --start --components=secrets",
  headless: `nobody is signed in to a desktop; ${SESSION}`,
};

const EMPTY: Readonly<Record<Host, string>> = {
  ...LOCKED,
  wsl: `make one, its password on standard input: ${UNLOCK}`,
  container: `make one, its password on standard input: ${UNLOCK}`,
  ssh: `make one, its password on standard input: ${UNLOCK}`,
  desktop: "make one named Login in the program Passwords and Keys, or sign out and in again",
  headless: `make one, its password on standard input: ${UNLOCK}`,
};

const SLOW: Readonly<Record<Host, string>> = {
  macos: "look for a prompt behind other windows, and run the command again",
  "macos-ssh": "over SSH nobody sees its prompt; unlock it with: security unlock-keychain",
  windows: "run the command again",
  wsl: `it may be locked and wait for a prompt: ${UNLOCK}; if it hangs, end gnome-keyring-daemon`,
  container: `it may be locked and wait for a prompt: ${UNLOCK}; if it hangs, end gnome-keyring-daemon`,
  ssh: "its prompt may be open on the desktop of that machine; answer it there, and run the command again",
  desktop: "look for a prompt behind other windows; without one, end gnome-keyring-daemon and run the command again",
  headless: `it may be locked and wait for a prompt: ${UNLOCK}; if it hangs, end gnome-keyring-daemon`,
};

/** The next step on this machine, and always the way that needs no keychain. */
export function fixOf(trouble: Trouble, engine: KeychainEngine, host: Host): string {
  return `${stepOf(trouble, engine, host)}; ${FILE}`;
}

function stepOf(trouble: Trouble, engine: KeychainEngine, host: Host): string {
  switch (trouble) {
    case "not-installed":
      return engine === "keytar"
        ? "install it beside mcp-keys with: npm install keytar"
        : `install it beside mcp-keys with: npm install ${PACKAGES.keyring} (npm leaves it out with --omit=optional)`;
    case "unloadable":
      return engine === "keytar" && host !== "windows" && !host.startsWith("macos")
        ? "install what it is linked to (Debian: apt-get install libsecret-1-0), or use --store keychain:"
        : "install it again for this system, with its optional packages: npm install --include=optional";
    case "locked":
      return LOCKED[host];
    case "no-collection":
      return EMPTY[host];
    case "timed-out":
      return SLOW[host];
    case "unavailable":
      return AWAY[host];
    case "crashed":
      return "run the command again";
    case "denied":
      return host.startsWith("macos")
        ? "allow it when macOS asks, or let node use the item in the program Keychain Access"
        : "allow it when the keychain asks, and run the command again";
    case "too-large":
      return "shorten the id of the pepper in MCP_KEYS_PEPPER";
    case "unknown":
      return "see what it said with --verbose";
  }
}
