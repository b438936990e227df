import { KeysError } from "../errors.ts";
import type { Examination, Finding, FindingStatus, Saw } from "./finding.ts";
import type { Patient } from "./subject.ts";

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
export async function examineAll(
  patient: Patient,
  examinations: Readonly<Record<string, Examination>>,
  limit: number = LIMIT,
): Promise<Report> {
  const seen = await Promise.all(
    Object.entries(examinations).map(async ([id, examination]) => {
      const found = await examineOne(patient, examination, limit);
      return found.map((saw) => ({ exit: saw.status === "fail" ? examination.exit : 0, finding: { id, ...saw } }));
    }),
  );
  const findings = seen.flat().map(({ finding }) => finding);
  const count = (status: FindingStatus) => findings.filter((finding) => finding.status === status).length;
  const counts = { pass: count("pass"), warn: count("warn"), fail: count("fail"), info: count("info") };
  return { ok: counts.fail === 0, counts, findings, exit: Math.max(0, ...seen.flat().map(({ exit }) => exit)) };
}

async function examineOne(patient: Patient, examination: Examination, limit: number): Promise<readonly Saw[]> {
  const watch = watchOver(patient, limit);
  try {
    const seen = await Promise.race([examination.examine(patient), watch.silence]);
    if (seen !== null) return seen;
    return [{ status: "fail", saw: `${examination.about}: no answer within ${String(limit / 1000)} seconds` }];
  } catch (fault) {
    if (fault instanceof KeysError) return [{ status: "fail", saw: fault.message, mend: fault.hint }];
    const name = fault instanceof Error ? fault.name : "failure";
    const saw = `${examination.about}: unexpected ${name}`;
    return [{ status: "fail", saw, mend: "report it as a defect of mcp-keys" }];
  } finally {
    watch.end();
  }
}

/** `silence` is `null` once nothing has been heard for so long; a long history that is being read is no silence. */
function watchOver({ onProgress }: Patient, limit: number): { silence: Promise<null>; end: () => void } {
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
