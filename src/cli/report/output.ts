import { packageVersion } from "../../package-version.ts";
import type { ProbeOptions } from "../../probe/probe.ts";
import { reports, type ReportName } from "../../probe/report/index.ts";
import type { Finding, Report } from "../../probe/report.ts";
import type { Context } from "../context.ts";
import { renderEnd, renderLine, type Page } from "./pretty.ts";
import { openProgress } from "./progress.ts";

/** Where a test tells what it does and finds. */
export interface Output {
  readonly listeners: Required<Pick<ProbeOptions, "onPlan" | "onCheck" | "onFinding">>;
  /** The rest of the report; resolves when it has been taken. */
  end(report: Report): Promise<void>;
}

/**
 * The report on stdout: `pretty` as findings come, any other in one piece at the end. On stderr what is going to be sent, and on a
 * terminal how far it is.
 * @param rate - Requests without the right key in a second.
 */
export function openOutput(ctx: Context, name: ReportName | "pretty", { rate }: { rate: number }): Output {
  const { io, world, paint } = ctx;
  const { stdout } = world.streams;
  const page: Page = { paint, columns: stdout.isTerminal ? stdout.columns : Infinity };
  const progress = openProgress(ctx);
  const started = world.ticks();
  const written = openWriter((text) => io.answer(text));
  let checks = 0;
  let done = 0;
  let last: Finding | undefined;
  const listeners: Output["listeners"] = {
    onPlan: (plan) => {
      checks = plan.checks;
      io.note(
        `${String(checks)} checks, at most ${String(plan.requests)} requests, ${String(plan.wrong)} of them without your key at ${String(rate)} a second`,
      );
    },
    onCheck: ({ id }) => {
      progress.show(`${String(++done)} of ${String(checks)}  ${id}`);
    },
    onFinding: (finding) => {
      if (name !== "pretty") return;
      progress.clear();
      written.write(renderLine(page, finding, last));
      last = finding;
    },
  };
  return {
    listeners,
    end: async (report) => {
      progress.clear();
      const seconds = (world.ticks() - started) / 1000;
      written.write(
        name === "pretty" ? renderEnd(page, report, seconds) : reports[name](report, { version: packageVersion }),
      );
      await written.done();
    },
  };
}

/** Writes one text after the other. A reader that has gone is no fault: the status of the run still tells. */
function openWriter(write: (text: string) => Promise<void>): { write(text: string): void; done(): Promise<void> } {
  let last = Promise.resolve();
  let gone = false;
  return {
    write: (text) => {
      last = last.then(async () => {
        if (gone) return;
        try {
          await write(text);
        } catch (error) {
          if (!isClosedPipe(error)) throw error;
          gone = true;
        }
      });
      // It is met at the end.
      last.catch(() => undefined);
    },
    done: () => last,
  };
}

function isClosedPipe(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EPIPE";
}
