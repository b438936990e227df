import { count } from "../../core/count.ts";
import { packageVersion } from "../../package-version.ts";
import { isBroken } from "../../probe/report/conclude.ts";
import type { ProbeServerOptions } from "../../probe/probe.ts";
import { reports, type ReportName } from "../../probe/report/index.ts";
import type { Report } from "../../probe/report/report.ts";
import type { Context } from "../context.ts";
import { lineWidth } from "../terminal/text-width.ts";
import type { Page } from "./page.ts";
import { renderReport } from "./pretty.ts";
import { openProgress } from "./progress.ts";

/** Writes the progress and the report of a test. */
export interface ReportOutput {
  readonly listeners: Required<Pick<ProbeServerOptions, "onPlan" | "onCheck">>;
  /** Writes the report. */
  end(report: Report): Promise<void>;
}

/** Words for the tested server or program. */
interface TestSubject {
  /** What the numbers count: `request` or `start`. */
  readonly unit: string;
  /** Request rate, with a leading space. */
  readonly pace: string;
  /** The command that tests it, without flags. */
  readonly command: string;
  /** Whether conformance faults make the run fail. */
  readonly strict: boolean;
  /** The command that runs more checks, if any. */
  readonly moreChecks: string | null;
}

/**
 * Opens the output of a test. The report goes to stdout at the end. stderr gets the number of requests and, on a terminal, the progress.
 */
export function openReportOutput(ctx: Context, name: ReportName | "pretty", subject: TestSubject): ReportOutput {
  const { io, world, paint, flags } = ctx;
  const { unit, pace, strict } = subject;
  const { stdout } = world.streams;
  const page: Page = { paint, columns: lineWidth(stdout), verbose: flags.verbose };
  const progress = openProgress(ctx);
  const started = world.ticks();
  let checks = 0;
  let done = 0;
  const listeners: ReportOutput["listeners"] = {
    onPlan: (plan) => {
      checks = plan.checks;
      io.note(
        `${count(checks, "check")}, at most ${count(plan.requests, unit)}, ${String(plan.wrong)} of them without your key${pace}`,
      );
    },
    onCheck: ({ id }) => {
      progress.show(`${String(++done)} of ${String(checks)}  ${id}`);
    },
  };
  return {
    listeners,
    end: async (report) => {
      progress.clear();
      const seconds = ((world.ticks() - started) / 1000).toFixed(1);
      const sent = `${sentOf(report, unit)} in ${seconds} s`;
      await io.print(
        name === "pretty"
          ? renderReport(page, report, sent)
          : reports[name](report, { version: packageVersion, strict }),
      );
      suggestNext(ctx, report, subject);
    },
  };
}

function sentOf({ sent }: Report, unit: string): string {
  return `${count(sent.requests, unit)}, ${String(sent.wrong)} without your key,`;
}

/** Suggests running the failed checks again, or else the checks that have not run yet. */
function suggestNext({ io }: Context, { findings, result }: Report, { command, moreChecks }: TestSubject): void {
  const broken = findings.filter((finding) => isBroken(finding) && finding.known !== true).map(({ id }) => id);
  if (result === "inconclusive") return;
  if (broken.length > 0) io.next(broken.length > 4 ? command : `${command} --only ${broken.join(",")}`);
  else if (result === "protected" && moreChecks !== null) io.next(moreChecks);
}
