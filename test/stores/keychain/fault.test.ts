import { describe, expect, test } from "vitest";
import { explain, fixOf } from "../../../src/stores/keychain/explain.ts";
import { isFromKeychain, isTransient, KeychainFault, kindOf } from "../../../src/stores/keychain/fault.ts";
import type { FaultKind } from "../../../src/stores/keychain/fault.ts";
import { hostOf } from "../../../src/stores/keychain/host.ts";
import type { Host } from "../../../src/stores/keychain/host.ts";

describe("an engine's error", () => {
  test.each<[FaultKind, string]>([
    ["unavailable", "Cannot autolaunch D-Bus without X11 $DISPLAY"],
    ["unavailable", "Platform failure: DBus error: Using X11 for dbus-daemon autolaunch was disabled at compile time"],
    ["unavailable", "zbus error: Failed to connect to address `unix:path=/run/user/0/bus`: No such file (os error 2)"],
    [
      "unavailable",
      "Platform failure: DBus error: Failed to connect to socket /nonexistent: No such file or directory",
    ],
    ["unavailable", "DBus error: The name org.freedesktop.secrets was not provided by any .service files"],
    ["unavailable", "spawn: EAGAIN"],
    ["no-collection", "Object does not exist at path “/org/freedesktop/secrets/collection/login”"],
    ["no-collection", "Couldn't access platform storage: Secret Service: no result found"],
    ["locked", "Cannot create an item in a locked collection"],
    ["locked", "Couldn't access platform storage: Secret Service: unlock prompt was dismissed"],
    ["locked", "zbus error: org.freedesktop.Secret.Error.IsLocked: Cannot get secret of a locked object"],
    ["locked", "Platform failure: User interaction is not allowed. (-25308)"],
    ["timed-out", "Timeout was reached"],
    [
      "timed-out",
      "Platform failure: DBus error: Did not receive a reply. Possible causes include: the timeout expired",
    ],
    ["crashed", "DBus error: Message recipient disconnected from message bus without replying"],
    ["denied", "The user name or passphrase you entered is not correct. (-25293)"],
    ["denied", "Couldn't access platform storage: AccessDenied"],
    ["too-large", "Platform failure: The stub received bad data. (os error 1783)"],
    ["unloadable", "libsecret-1.so.0: cannot open shared object file: No such file or directory"],
    ["unloadable", "Cannot find native binding. npm has a bug related to optional dependencies"],
    ["unknown", "something unheard of"],
  ])("is classified as %s: %s", (kind, text) => {
    expect(kindOf(text)).toBe(kind);
  });

  test("is retried only if it may be transient", () => {
    expect(isTransient(new KeychainFault("timed-out", ""))).toBe(true);
    expect(isTransient(new KeychainFault("crashed", ""))).toBe(true);
    expect(isTransient(new KeychainFault("locked", ""))).toBe(false);
    expect(isTransient(new Error("timed-out"))).toBe(false);
  });

  test("shows that the keychain works if the keychain itself refuses", () => {
    expect(isFromKeychain({ ok: true })).toBe(true);
    expect(isFromKeychain({ ok: true, value: "something" })).toBe(true);
    // Engines also report this for a locked keyring with an open prompt.
    expect(isFromKeychain({ ok: true, value: null })).toBe(false);
    expect(isFromKeychain({ ok: true, removed: false })).toBe(false);
    expect(isFromKeychain({ ok: false, text: "IsLocked: Cannot get secret of a locked object" })).toBe(true);
    expect(isFromKeychain({ ok: false, text: "DBus error: Did not receive a reply" })).toBe(false);
    expect(
      isFromKeychain({ ok: false, text: "Message recipient disconnected from message bus without replying" }),
    ).toBe(false);
  });

  test("keeps the engine's own text out of the message and the hint", () => {
    const fault = explain(new KeychainFault("unknown", "text of the engine"), "keyring", "desktop");
    expect(fault).toMatchObject({ code: "STORE_UNAVAILABLE", hint: expect.stringContaining("--verbose") });
    expect(JSON.stringify(fault)).not.toContain("text of the engine");
    expect(explain(new KeychainFault("locked", ""), "keyring", "desktop")).toMatchObject({ code: "STORE_LOCKED" });
    const other = new TypeError("a bug");
    expect(explain(other, "keyring", "desktop")).toBe(other);
  });
});

test.each<[Host, string, Record<string, string>, boolean, string]>([
  ["windows", "win32", { SSH_CONNECTION: "a" }, false, "10.0"],
  ["macos", "darwin", {}, false, "24.0"],
  ["macos-ssh", "darwin", { SSH_CONNECTION: "a" }, false, "24.0"],
  ["wsl", "linux", { WSL_DISTRO_NAME: "Debian", DISPLAY: ":0" }, false, "6.1"],
  ["wsl", "linux", {}, false, "5.15.1-microsoft-standard-WSL2"],
  ["container", "linux", { SSH_TTY: "a" }, true, "6.1"],
  ["container", "linux", { KUBERNETES_SERVICE_HOST: "10.0.0.1" }, false, "6.1"],
  ["ssh", "linux", { SSH_TTY: "/dev/pts/0", DISPLAY: "localhost:10" }, false, "6.1"],
  ["desktop", "linux", { WAYLAND_DISPLAY: "wayland-0" }, false, "6.1"],
  ["headless", "linux", { DISPLAY: "" }, false, "6.1"],
])("recognises %s: %s %o", (host, platform, env, isContainer, release) => {
  expect(hostOf({ platform, release, env, isContainer })).toBe(host);
});

const HOSTS: readonly Host[] = ["macos", "macos-ssh", "windows", "wsl", "container", "ssh", "desktop", "headless"];
const KINDS: readonly FaultKind[] = [
  ...(["not-installed", "unloadable", "unavailable", "locked", "no-collection"] as const),
  ...(["timed-out", "crashed", "too-large", "denied", "unknown"] as const),
];

test("every failure has a fix for every host, and the alternative that needs no keychain", () => {
  for (const host of HOSTS) {
    for (const kind of KINDS) {
      for (const engine of ["keyring", "keytar"] as const) {
        const fix = fixOf(kind, engine, host);
        expect(fix).toMatch(/^\S.{20,300}; or choose a store that needs no keychain: --store file:$/);
        expect(fix).not.toContain("undefined");
      }
    }
  }
});

test.each<[FaultKind, Host, string]>([
  ["locked", "macos-ssh", "security unlock-keychain"],
  ["locked", "desktop", "login keyring"],
  ["locked", "headless", "gnome-keyring-daemon --unlock"],
  ["unavailable", "wsl", "install gnome-keyring"],
  ["unavailable", "container", "dbus-run-session"],
  ["unavailable", "windows", "VaultSvc"],
  ["no-collection", "wsl", "create one"],
  ["timed-out", "desktop", "behind other windows"],
  ["not-installed", "desktop", "npm install"],
  ["unloadable", "desktop", "libsecret-1-0"],
])("the fix for %s on %s says: %s", (kind, host, words) => {
  expect(fixOf(kind, kind === "unloadable" ? "keytar" : "keyring", host)).toContain(words);
});
