import type { Check } from "./check.ts";
import { isBreach } from "./report/conclude.ts";
import type { Finding } from "./report/report.ts";

/** Tells whether refusals prove something: they do if the server accepted the valid key later. */
export interface RefusalEvidence<T> {
  /** Returns a mark of this moment. */
  mark(): number;
  /** Returns whether the valid key was accepted after a mark. */
  isProven(mark: number): boolean;
  /** Called when the last check has run. Presents the valid key once more. */
  end(): Promise<void>;
  /** Returns why a result of this check proves nothing, because the valid key was no longer accepted; `null` if it proves something. */
  refutes(check: Check<T>): string | null;
}

interface HeldFinding<T> {
  readonly check: Check<T>;
  readonly finding: Finding;
  readonly mark: number;
}

/**
 * Holds findings back until the valid key has been accepted once more. If it is not, those that rely on refusals become untestable.
 * A breach stays proven.
 */
export function holdFindings<T>(
  evidence: RefusalEvidence<T> | undefined,
  release: (finding: Finding) => void,
): { add(check: Check<T>, finding: Finding): void; end(): Promise<void> } {
  const held: HeldFinding<T>[] = [];
  const releaseProven = (): void => {
    while (held[0] !== undefined && (evidence?.isProven(held[0].mark) ?? true)) {
      const [{ finding }] = held.splice(0, 1) as [HeldFinding<T>];
      release(finding);
    }
  };
  return {
    add: (check, finding) => {
      held.push({ check, finding, mark: evidence?.mark() ?? 0 });
      releaseProven();
    },
    end: async () => {
      await evidence?.end();
      releaseProven();
      for (const { check, finding } of held.splice(0)) {
        const reason = isBreach(finding) || finding.status === "untestable" ? null : (evidence?.refutes(check) ?? null);
        release(reason === null ? finding : asUntestable(finding, reason));
      }
    },
  };
}

function asUntestable({ tried: _, ...finding }: Finding, reason: string): Finding {
  return { ...finding, status: "untestable", observed: `proves nothing, because ${reason}` };
}
