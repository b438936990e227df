import { count } from "../../core/count.ts";
import { packageVersion } from "../../package-version.ts";
import { isBroken } from "../../probe/report/conclude.ts";
import type { ProbeServerOptions } from "../../probe/probe.ts";
import { reports, type ReportName } from "../../probe/report/index.ts";
import type { Report } from "../../probe/report/report.ts";
import type { Context } from "../context.ts";
import { createLines, renderEnd, type Page } from "./pretty.ts";
import { openProgress } from "./progress.ts";

/** Where a test tells what it does and finds. */
export interface Output {
  readonly listeners: Required<Pick<ProbeServerOptions, "onPlan" | "onCheck" | "onFinding">>;
  /** The rest of the report; resolves when it has been taken. */
  end(report: Report): Promise<void>;
}

/** What is tested, in words. */
interface Subject {
  /** What the numbers count: `request`. */
  readonly one: string;
  /** How fast, with a blank before it. */
  readonly pace: string;
  /** The command that tests it, without flags. */
  readonly again: string;
  /** The command that tries more than was tried. */
  readonly further: string | null;
}

/**
 * The report on stdout: `pretty` as findings come, any other in one piece at the end. On stderr what is going to be sent, and on a
 * terminal how far it is.
 */
export function openOutput(ctx: Context, name: ReportName | "pretty", subject: Subject): Output {
  const { io, world, paint } = ctx;
  const { one, pace } = subject;
  const { stdout } = world.streams;
  const page: Page = { paint, columns: stdout.isTerminal ? stdout.columns : Infinity };
  const progress = openProgress(ctx);
  const started = world.ticks();
  const written = openWriter((text) => io.answer(text));
  let checks = 0;
  let done = 0;
  const lines = createLines(page);
  const listeners: Output["listeners"] = {
    onPlan: (plan) => {
      checks = plan.checks;
      io.note(
        `${count(checks, "check")}, at most ${count(plan.requests, one)}, ${String(plan.wrong)} of them without your key${pace}`,
      );
    },
    onCheck: ({ id }) => {
      progress.show(`${String(++done)} of ${String(checks)}  ${id}`);
    },
    onFinding: (finding) => {
      if (name !== "pretty") return;
      progress.clear();
      written.write(lines(finding));
    },
  };
  return {
    listeners,
    end: async (report) => {
      progress.clear();
      const seconds = ((world.ticks() - started) / 1000).toFixed(1);
      if (name === "pretty") {
        written.write(lines(null));
        written.write(renderEnd(page, report, `${sentOf(report, one)} in ${seconds} s`));
      } else {
        written.write(reports[name](report, { version: packageVersion }));
      }
      await written.done();
      sayNext(ctx, report, subject);
    },
  };
}

function sentOf({ sent }: Report, one: string): string {
  return `${count(sent.requests, one)}, ${String(sent.wrong)} without your key,`;
}

/** After mending, what was broken again; after a door that is shut, what is left to be tried. */
function sayNext({ io }: Context, { findings, result }: Report, { again, further }: Subject): void {
  const broken = findings.filter((finding) => isBroken(finding) && finding.known !== true).map(({ id }) => id);
  if (result === "inconclusive") return;
  if (broken.length > 0) io.next(broken.length > 4 ? again : `${again} --only ${broken.join(" ")}`);
  else if (result === "protected" && further !== null) io.next(further);
}

/** Writes texts as they come. A reader that has gone is no fault: the status of the run still tells. */
function openWriter(write: (text: string) => Promise<void>): { write(text: string): void; done(): Promise<void> } {
  const taken: Promise<void>[] = [];
  let gone = false;
  const take = async (text: string): Promise<void> => {
    try {
      await write(text);
    } catch (error) {
      if (!isClosedPipe(error)) throw error;
      gone = true;
    }
  };
  return {
    write: (text) => {
      if (gone || text === "") return;
      const each = take(text);
      // It is met at the end.
      each.catch(() => undefined);
      taken.push(each);
    },
    done: async () => {
      await Promise.all(taken);
    },
  };
}

function isClosedPipe(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EPIPE";
}
