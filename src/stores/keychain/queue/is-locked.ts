import { execFile } from "node:child_process";
import type { StoreWorld } from "../../store.ts";

/** The program of D-Bus that asks one question. It comes with the bus on most systems. */
const PROGRAM = "dbus-send";
/** Where the keyring is that items are written to, and how to ask whether it is locked (Secret Service API 0.2, sections 3.6 and 3.11). */
const QUESTION = [
  "--session",
  "--print-reply=literal",
  "--reply-timeout=2000",
  "--dest=org.freedesktop.secrets",
  "/org/freedesktop/secrets/aliases/default",
  "org.freedesktop.DBus.Properties.Get",
  "string:org.freedesktop.Secret.Collection",
  "string:Locked",
];

/** What tells which bus is asked; nothing where none is known. */
export function busOf(env: StoreWorld["env"]) {
  return {
    DBUS_SESSION_BUS_ADDRESS: env["DBUS_SESSION_BUS_ADDRESS"],
    XDG_RUNTIME_DIR: env["XDG_RUNTIME_DIR"],
  };
}

/**
 * Asks a Secret Service whether its keyring is locked, past the engines: these only ask to unlock it, and hear nothing while its
 * prompt is open or on its way.
 * @param signal - Ends it.
 * @returns `null` where the service does not say so: it hangs, there is none, or the program is not installed
 */
export function askLock(env: StoreWorld["env"], signal: AbortSignal): Promise<boolean | null> {
  const bus = busOf(env);
  // Without any the program might start one.
  if (!Object.values(bus).some(Boolean)) return Promise.resolve(null);
  const options = { env: { PATH: env["PATH"], ...bus }, signal, killSignal: "SIGKILL" } as const;
  return new Promise((resolve) => {
    execFile(PROGRAM, QUESTION, options, (fault, stdout) => {
      const [, answer] = /\bboolean (true|false)\b/.exec(stdout) ?? [];
      resolve(fault !== null || answer === undefined ? null : answer === "true");
    });
  });
}
