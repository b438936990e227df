import { KeysError } from "../errors.ts";
import type { Diagnostic, Finding, FindingStatus, Observation } from "./finding.ts";
import type { DiagnosticContext } from "./context.ts";

/** Milliseconds without an answer: a disk or a keychain that hangs is a finding and not a hanging command. */
const LIMIT = 20_000;

/** What was found, in the order of the examinations. */
export interface Report {
  /** Whether nothing failed. */
  readonly ok: boolean;
  readonly counts: Readonly<Record<FindingStatus, number>>;
  readonly findings: readonly Finding[];
  /** 0, or that of the gravest failure: 6 before 4 before 2. */
  readonly exit: number;
}

/** Looks at everything at the same time. Never rejects and never hangs: what cannot be looked at is a finding. */
export async function runDiagnostics(
  context: DiagnosticContext,
  diagnostics: Readonly<Record<string, Diagnostic>>,
  limit: number = LIMIT,
): Promise<Report> {
  const seen = await Promise.all(
    Object.entries(diagnostics).map(async ([id, diagnostic]) => {
      const found = await runDiagnostic(context, diagnostic, limit);
      return found.map((observed) => ({
        exit: observed.status === "fail" ? diagnostic.exit : 0,
        finding: { id, ...observed },
      }));
    }),
  );
  const findings = seen.flat().map(({ finding }) => finding);
  const count = (status: FindingStatus) => findings.filter((finding) => finding.status === status).length;
  const counts = { pass: count("pass"), warn: count("warn"), fail: count("fail"), info: count("info") };
  return { ok: counts.fail === 0, counts, findings, exit: Math.max(0, ...seen.flat().map(({ exit }) => exit)) };
}

async function runDiagnostic(
  context: DiagnosticContext,
  diagnostic: Diagnostic,
  limit: number,
): Promise<readonly Observation[]> {
  const watch = watchOver(context, limit);
  try {
    const seen = await Promise.race([diagnostic.run(context), watch.silence]);
    if (seen !== null) return seen;
    return [{ status: "fail", observed: `${diagnostic.about}: no answer within ${String(limit / 1000)} seconds` }];
  } catch (fault) {
    if (fault instanceof KeysError) return [{ status: "fail", observed: fault.message, fix: fault.hint }];
    const name = fault instanceof Error ? fault.name : "failure";
    const observed = `${diagnostic.about}: unexpected ${name}`;
    return [{ status: "fail", observed, fix: "report it as a defect of mcp-keys" }];
  } finally {
    watch.end();
  }
}

/** `silence` is `null` once nothing has been heard for so long; a long history that is being read is no silence. */
function watchOver({ onProgress }: DiagnosticContext, limit: number): { silence: Promise<null>; end: () => void } {
  let timer: NodeJS.Timeout | undefined;
  let stop = (): void => undefined;
  const silence = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, limit, null);
    const rearmed = timer;
    stop = onProgress(() => rearmed.refresh());
  });
  return {
    silence,
    end: () => {
      stop();
      clearTimeout(timer);
    },
  };
}
