import { spawn } from "node:child_process";

/**
 * Waits for the end of its input, ends the servers whose pid files are in a folder, and removes the folder. A pid may have gone to
 * another process, so the server's command line must name the folder.
 */
const SCRIPT = `
trap '' INT TERM HUP
cat >/dev/null
runs() {
  args=$(tr '\\0' ' ' <"/proc/$pid/cmdline" || ps -o args= -p "$pid") 2>/dev/null
  case $args in *"$folder"*) return 0 ;; *) return 1 ;; esac
}
folder=$1
for file in "$folder"/data/postmaster.pid "$folder"/pgbouncer.pid; do
  pid=$(head -n 1 "$file" 2>/dev/null) || continue
  runs && kill -QUIT "$pid" && kill -CONT "$pid"
  for round in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    runs && sleep 0.1
  done
  runs && kill -KILL "$pid"
done
for round in 1 2 3 4 5 6 7 8 9 10; do
  rm -rf -- "$folder" 2>/dev/null && break
  sleep 0.5
done
`;

/**
 * Guards a folder of servers: they end with this process at the latest, also if it is killed, because that closes the guard's input.
 * @returns ends the servers now, removes the folder and waits for both
 */
export function guardFolder(folder: string): () => Promise<void> {
  // Ctrl-C ends the process group of the test run, but not the guard.
  const guard = spawn("sh", ["-c", SCRIPT, "sh", folder], { stdio: ["pipe", "ignore", "ignore"], detached: true });
  const ended = new Promise<void>((resolve) => guard.once("exit", () => resolve()));
  guard.unref();
  return async () => {
    guard.ref();
    guard.stdin.end();
    await ended;
  };
}
