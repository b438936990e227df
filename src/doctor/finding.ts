import type { DiagnosticContext } from "./context.ts";

/** `fail`: it does not work, or is not safe. `warn`: it works, and should be mended. `info`: nothing is wrong. */
export type FindingStatus = "pass" | "warn" | "fail" | "info";

/** What an examination saw. No text of it ever holds a token, a digest or the value of a variable. */
export interface Observation {
  readonly status: FindingStatus;
  readonly observed: string;
  /** What to do about it: a command where there is one. */
  readonly fix?: string;
}

/** What was seen, by the name of the examination. */
export interface Finding extends Observation {
  readonly id: string;
}

/** One thing that can be looked at by itself, without changing anything. To add one: a file beside these, a line in `index.ts`. */
export interface Diagnostic {
  /** For people: what is looked at. */
  readonly about: string;
  /** The exit status when it fails: 6 for the store, 4 for a token that is refused, 2 for what surrounds them. */
  readonly exit: 2 | 4 | 6;
  /**
   * Nothing, when there is nothing to look at. What it throws is a failure of its own, and so is that it takes too long.
   * @throws {@link KeysError} the message becomes what was seen, the hint its mend
   */
  run(context: DiagnosticContext): Promise<readonly Observation[]>;
}
