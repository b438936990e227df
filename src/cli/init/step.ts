/** One thing that `init` sets up. It was checked before anything changes. */
export interface SetupStep {
  readonly step: "gitignore" | "guard" | "client" | "key";
  /** The file that changes, as the user would write it. */
  readonly file: string;
  /** Completes "wrote <file>: …". */
  readonly about: string;
  /** Whether it is there already. */
  readonly exists: boolean;
  /** What the user should know. Lower case, no full stop. */
  readonly notes?: readonly string[];
  /** Does it. @returns more notes */
  run(): Promise<readonly string[]>;
}
