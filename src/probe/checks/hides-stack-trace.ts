import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";
import { openingRequest, withBrokenBody } from "../judge/read-refusal.ts";
import type { RecordedAnswer } from "../target/target.ts";

export const hidesStackTrace: Check = {
  id: "hides-stack-trace",
  group: "leaks",
  about: "conformance",
  level: "should",
  expected: "shows no stack traces or source paths in errors",
  source: new URL("https://cwe.mitre.org/data/definitions/209.html"),
  fix: "answer errors with your own text and write the trace to the log; Express does this with NODE_ENV=production",
  cost: { requests: 1, wrong: 0 },
  async run(target) {
    const planned = openingRequest(target);
    if (planned !== null) await target.exchange(withBrokenBody(planned), target.valid);
    const errors = target.recorded.filter(isError);
    for (const { answer, presented } of errors) {
      const trace = findTrace(answer.excerpt);
      if (trace !== null) return fail(`${trace} in a ${String(answer.status)} to ${presented.name}`);
    }
    return errors.length > 0 ? pass("in no error") : untestable("the server sent no error");
  },
};

/** Only errors count: the result of a tool may well mention a stack trace. */
function isError({ answer }: RecordedAnswer): boolean {
  return answer.status >= 400 || answer.reply?.error !== undefined;
}

/** Patterns of stack traces and their names in findings. Bounded, because the server chooses the text. */
const TRACES: readonly (readonly [pattern: RegExp, name: string])[] = [
  [
    /\bat (?:async )?(?:[\w$.<>[\]&;# ]{1,120} \()?(?:file:\/\/\/|node:|\/|[A-Za-z]:\\)[^\s()<>"]{1,240}:\d{1,7}:\d{1,7}/,
    "a Node.js stack trace",
  ],
  [/Traceback \(most recent call last\)/, "a Python stack trace"],
  [/\bat [\w$.]{1,240}\([\w$]{1,120}\.(?:java|kt|scala):\d{1,7}\)/, "a Java stack trace"],
  [/\bat [\w$.<>`[\],]{1,240}\([^)]{0,240}\) in [^\n]{1,240}:line \d{1,7}/, "a .NET stack trace"],
  [/\bgoroutine \d{1,9} \[\w/, "a Go stack trace"],
  [/\.rb:\d{1,7}:in [`']/, "a Ruby stack trace"],
  [/\bStack trace:(?:\\n|<br ?\/?>|\s){1,9}#0 /, "a PHP stack trace"],
  [/\bpanicked at [^\n]{1,240}\.rs:\d{1,7}/, "a Rust panic"],
  [
    /(?:^|[\s"'`(>])(?:\/(?:home|Users|root|srv|opt|app|usr|var|workspace)\/|[A-Za-z]:\\)[^\s"'`<>()]{1,240}\.(?:[cm]?[jt]sx?|py|rb|php|go|rs|java|kt|cs)\b/,
    "a source path",
  ],
];

/** Returns the name of the first stack trace or source path in a text, or `null`. */
export function findTrace(text: string): string | null {
  return TRACES.find(([pattern]) => pattern.test(text))?.[1] ?? null;
}
