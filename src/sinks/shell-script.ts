/**
 * Runs before the store is written. `$0` is the shell, `$1` the command, `$2` its first word if that is a plain program name.
 * Exits with {@link UNPARSABLE} or {@link NOT_FOUND} if the command cannot work.
 */
export const PREFLIGHT = `"$0" -n -c "$1" || exit 3
[ -z "$2" ] || command -v "$2" >/dev/null || exit 4`;
export const UNPARSABLE = 3;
export const NOT_FOUND = 4;

/**
 * Runs the command `$1` in the POSIX shell `$0` with the token on its stdin, and reports the result on fd 3.
 * - It waits for a line on fd 3, which is sent once the whole text is written. If we were killed earlier, the command would
 *   otherwise run with an empty stdin and store an empty token.
 * - fd 3 closes without a second line if we are killed later. The command then has `$2` seconds to finish, before its process group
 *   is ended: it must not overwrite a newer token. `$2` is empty if the group is not its own.
 * - `cat` makes stdin a real pipe. Node opens a socket, and commands that open `/dev/stdin` by name would fail. It ignores the
 *   signals that end the command, because a command that ignores them too would read half a token.
 * - `wc` counts the bytes that the command did not read. A command that ignored its stdin and a command that took the token both exit
 *   with 0, so only the count tells them apart.
 * - It survives the signals that end the command and still reports.
 *
 * The token is in no argument and no variable. The report is `<exit status> <bytes left>`, preceded by `cat` if that failed.
 */
export const DELIVERY = `trap : HUP INT TERM
read -r go <&3 || exit 1
[ -z "$2" ] || {
  trap '' HUP INT TERM
  read -r end <&3 && exit
  waited=0
  while [ "$waited" -lt "$2" ] && kill -0 "$$"; do sleep 1; waited=$((waited + 1)); done
  kill -TERM 0
  kill -0 "$$" && sleep 2
  kill -KILL 0
} </dev/null >/dev/null 2>&1 &
{ (trap '' HUP INT TERM; exec cat 3>&-) || echo cat >&3; } | {
  trap : HUP INT TERM
  "$0" -c "$1" 3>&-
  code=$?
  echo "$code $(wc -c)" >&3
}`;

/** The report of {@link DELIVERY} on fd 3. */
export interface CommandReport {
  readonly status: number;
  /** Bytes of the text that the command did not read. */
  readonly unread: number;
}

/** Parses a report. Returns `null` if it is missing or incomplete: the shell was killed, or `cat` or `wc` could not run. */
export function parseReport(text: string): CommandReport | null {
  const match = /^(\d+)\s+(\d+)\s*$/.exec(text);
  return match === null ? null : { status: Number(match[1]), unread: Number(match[2]) };
}

/** Returns the first word of a command if it can only be a program, a builtin or a keyword; otherwise an empty string. */
export function firstWord(command: string): string {
  return /^\s*([\w./][\w./+-]*)(?=\s*$|\s+[^\s(]|[;|&])/.exec(command)?.[1] ?? "";
}
