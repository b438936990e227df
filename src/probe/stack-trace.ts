/** What only a failure inside of a server looks like → its name for findings. Bounded, since servers choose the text. */
const TRACES: readonly (readonly [pattern: RegExp, name: string])[] = [
  [
    /\bat (?:async )?(?:[\w$.<>[\]&;# ]{1,120} \()?(?:file:\/\/\/|node:|\/|[A-Za-z]:\\)[^\s()<>"]{1,240}:\d{1,7}:\d{1,7}/,
    "a stack trace of Node",
  ],
  [/Traceback \(most recent call last\)/, "a stack trace of Python"],
  [/\bat [\w$.]{1,240}\([\w$]{1,120}\.(?:java|kt|scala):\d{1,7}\)/, "a stack trace of Java"],
  [/\bat [\w$.<>`[\],]{1,240}\([^)]{0,240}\) in [^\n]{1,240}:line \d{1,7}/, "a stack trace of .NET"],
  [/\bgoroutine \d{1,9} \[\w/, "a stack trace of Go"],
  [/\.rb:\d{1,7}:in [`']/, "a stack trace of Ruby"],
  [/\bStack trace:(?:\\n|<br ?\/?>|\s){1,9}#0 /, "a stack trace of PHP"],
  [/\bpanicked at [^\n]{1,240}\.rs:\d{1,7}/, "a panic of Rust"],
  [
    /(?:^|[\s"'`(>])(?:\/(?:home|Users|root|srv|opt|app|usr|var|workspace)\/|[A-Za-z]:\\)[^\s"'`<>()]{1,240}\.(?:[cm]?[jt]sx?|py|rb|php|go|rs|java|kt|cs)\b/,
    "the path of a source file",
  ],
];

/** What a text gives away of the inside of a server, or `null`. */
export function findTrace(text: string): string | null {
  return TRACES.find(([pattern]) => pattern.test(text))?.[1] ?? null;
}
