import { KeysError } from "../errors.ts";
import type { DiagnosticContext } from "./context.ts";
import type { Diagnostic, DiagnosticFinding, DiagnosticStatus, Observation } from "./diagnostic.ts";

/** Milliseconds without progress before a diagnostic fails. A disk or a keychain may hang; `doctor` must not. */
const TIMEOUT = 20_000;

/** The result of `doctor`. */
export interface DoctorReport {
  /** Whether nothing failed. */
  readonly ok: boolean;
  readonly counts: Readonly<Record<DiagnosticStatus, number>>;
  /** In the order of the diagnostics. */
  readonly findings: readonly DiagnosticFinding[];
  /** 0, or the highest exit status of the diagnostics that failed. */
  readonly exit: number;
}

/**
 * Runs all diagnostics concurrently. Never rejects and never hangs: an error or a timeout becomes a finding.
 * @param timeout - milliseconds without progress
 */
export async function runDiagnostics(
  context: DiagnosticContext,
  diagnostics: Readonly<Record<string, Diagnostic>>,
  timeout: number = TIMEOUT,
): Promise<DoctorReport> {
  const results = await Promise.all(
    Object.entries(diagnostics).map(async ([id, diagnostic]) => {
      const found = await runDiagnostic(context, diagnostic, timeout);
      return found.map((observation) => ({
        exit: observation.status === "fail" ? diagnostic.exit : 0,
        finding: { id, ...observation },
      }));
    }),
  );
  const findings = results.flat().map(({ finding }) => finding);
  const count = (status: DiagnosticStatus) => findings.filter((finding) => finding.status === status).length;
  const counts = { pass: count("pass"), warn: count("warn"), fail: count("fail"), info: count("info") };
  return { ok: counts.fail === 0, counts, findings, exit: Math.max(0, ...results.flat().map(({ exit }) => exit)) };
}

async function runDiagnostic(
  context: DiagnosticContext,
  diagnostic: Diagnostic,
  timeout: number,
): Promise<readonly Observation[]> {
  const timer = startTimer(context, timeout);
  try {
    const found = await Promise.race([diagnostic.run(context), timer.expired]);
    if (found !== null) return found;
    return [{ status: "fail", observed: `${diagnostic.about}: no answer within ${String(timeout / 1000)} seconds` }];
  } catch (fault) {
    if (fault instanceof KeysError) return [{ status: "fail", observed: fault.message, fix: fault.hint }];
    const name = fault instanceof Error ? fault.name : "failure";
    const observed = `${diagnostic.about}: unexpected ${name}`;
    return [{ status: "fail", observed, fix: "report it as a bug in mcp-keys" }];
  } finally {
    timer.stop();
  }
}

/** Starts a timer that each progress event restarts. `expired` resolves with `null` when it runs out. */
function startTimer({ onProgress }: DiagnosticContext, timeout: number): { expired: Promise<null>; stop: () => void } {
  let timer: NodeJS.Timeout | undefined;
  let unsubscribe = (): void => undefined;
  const expired = new Promise<null>((resolve) => {
    const started = setTimeout(resolve, timeout, null);
    timer = started;
    unsubscribe = onProgress(() => started.refresh());
  });
  return {
    expired,
    stop: () => {
      unsubscribe();
      clearTimeout(timer);
    },
  };
}
