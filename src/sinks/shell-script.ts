/**
 * Runs before the store is written: `$0` the shell, `$1` the command, `$2` its first word where that is plain. Ends with
 * {@link UNPARSABLE} or {@link NOT_FOUND} when the command cannot work.
 */
export const PREFLIGHT = `"$0" -n -c "$1" || exit 3
[ -z "$2" ] || command -v "$2" >/dev/null || exit 4`;
export const UNPARSABLE = 3;
export const NOT_FOUND = 4;

/**
 * Runs the command `$1` in the shell `$0` with the token on its stdin, and tells on fd 3 what became of it. For a POSIX shell.
 * - It waits for a word on fd 3, sent when the whole text is on its way. Were we killed before, the command would otherwise
 *   run with nothing on stdin, and store an empty token.
 * - `cat` makes stdin a real pipe. What Node opens is a socket, and commands that open `/dev/stdin` by name would fail.
 * - `wc` counts what the command left unread. Only so is a command that never looked at its stdin told from one that took the
 *   token; both end with status 0.
 * - It outlives the signals that end the command, to tell what became of it then.
 *
 * The token is in no argument and no variable. The answer is `<exit status> <bytes left>`, and `cat` before it if that failed.
 */
export const DELIVERY = `trap : HUP INT TERM
read -r go <&3 || exit 1
{ cat 3>&- || echo cat >&3; } | {
  trap : HUP INT TERM
  "$0" -c "$1" 3>&-
  code=$?
  echo "$code $(wc -c)" >&3
}`;

/** What {@link DELIVERY} said on fd 3. */
export interface Report {
  readonly status: number;
  /** Bytes of the text that the command did not read. */
  readonly unread: number;
}

/** `null` when the report is not there or not whole: the shell was killed, or `cat` or `wc` could not run. */
export function parseReport(text: string): Report | null {
  const match = /^(\d+)\s+(\d+)\s*$/.exec(text);
  return match === null ? null : { status: Number(match[1]), unread: Number(match[2]) };
}

/** The first word of a command where it can only be a program, a builtin or a keyword; else empty. */
export function firstWord(command: string): string {
  return /^\s*([\w./][\w./+-]*)(?=\s*$|\s+[^\s(]|[;|&])/.exec(command)?.[1] ?? "";
}
