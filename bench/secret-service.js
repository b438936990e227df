/** Runs an unlocked Secret Service on a private bus, as on a Linux desktop. */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

const OWNER = ["/org/freedesktop/DBus", "org.freedesktop.DBus.GetNameOwner", "string:org.freedesktop.secrets"];

/** Returns `{ env, close }`, with the environment for processes that use it; null if a program is missing. */
export async function startSecretService(home, base) {
  const programs = ["dbus-daemon", "dbus-send", "gnome-keyring-daemon"];
  if (programs.some((program) => spawnSync(program, ["--version"]).error !== undefined)) return null;
  const run = join(home, "run");
  mkdirSync(run, { mode: 0o700 });
  const env = { ...base, HOME: home, XDG_DATA_HOME: join(home, "data"), XDG_RUNTIME_DIR: run };
  const started = [];
  const close = () => started.reverse().forEach((child) => child.kill("SIGKILL"));
  try {
    const bus = ["--session", "--nofork", "--nopidfile", "--print-address=1", `--address=unix:dir=${run}`];
    started.push(spawn("dbus-daemon", bus, { env, stdio: ["ignore", "pipe", "ignore"] }));
    env.DBUS_SESSION_BUS_ADDRESS = await firstLine(started[0].stdout);
    const keyring = ["--foreground", "--unlock", "--components=secrets"];
    started.push(spawn("gnome-keyring-daemon", keyring, { env, stdio: ["pipe", "ignore", "ignore"] }));
    started[1].stdin.end("\n");
    for (let attempt = 0; !isRunning(env); attempt++) {
      if (attempt === 200) throw new Error("gnome-keyring-daemon did not come to the bus");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  } catch (cause) {
    close();
    throw cause;
  }
  return { env, close };
}

function firstLine(stream) {
  const lines = createInterface(stream);
  return new Promise((resolve, reject) => {
    lines.once("line", resolve);
    lines.once("close", () => reject(new Error("dbus-daemon ended before it had an address")));
  });
}

/** Asks for the owner of the name, which does not start the service. */
function isRunning(env) {
  return (
    spawnSync("dbus-send", ["--session", "--print-reply", "--dest=org.freedesktop.DBus", ...OWNER], { env }).status ===
    0
  );
}
