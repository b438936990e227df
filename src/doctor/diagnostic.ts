import type { DiagnosticContext } from "./context.ts";

/** `fail`: broken or unsafe. `warn`: works, but should be fixed. `info`: nothing is wrong. */
export type DiagnosticStatus = "pass" | "warn" | "fail" | "info";

/** One result of a diagnostic. Its text never contains a token, a digest or the value of a variable. */
export interface Observation {
  readonly status: DiagnosticStatus;
  readonly observed: string;
  /** How to fix it, as a command where possible. */
  readonly fix?: string;
}

/** An observation with the id of its diagnostic. */
export interface DiagnosticFinding extends Observation {
  readonly id: string;
}

/** Examines one thing without changing it. To add one: a file in `diagnostics/` and a line in `index.ts`. */
export interface Diagnostic {
  /** Its subject, for messages. */
  readonly about: string;
  /** The exit status if it fails: 6 for the store, 4 for a refused token, 2 for the environment. */
  readonly exit: 2 | 4 | 6;
  /**
   * Returns an empty list if there is nothing to examine. A throw or a timeout counts as a failure.
   * @throws {@link KeysError} its message becomes `observed`, its hint `fix`
   */
  run(context: DiagnosticContext): Promise<readonly Observation[]>;
}
