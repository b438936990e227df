import { Command } from "commander";
import { count } from "../../core/count.ts";
import { formatTime } from "../../core/duration.ts";
import { MAX_REPORT, parseReports, type UsageReport } from "../../core/usage-report.ts";
import { KeysError } from "../../errors.ts";
import { importReports } from "../../keys/import-uses.ts";
import type { Context } from "../context.ts";
import { readAtMost } from "../read-at-most.ts";

/** Builds `uses import`, a subcommand of `uses`. */
export function importCommand(openRun: () => Context): Command {
  return new Command("import")
    .summary("read what servers with a keyset have seen")
    .description(
      "Reads usage reports, from files or from standard input, one a line. A server with a keyset writes one if its option `uses` " +
        "is set. Importing a report again changes nothing.",
    )
    .argument("[file...]", "reports (default: standard input)")
    .action((files: string[]) => runImport(openRun(), files));
}

async function runImport(ctx: Context, files: readonly string[]): Promise<void> {
  const reports: UsageReport[] = [];
  for (const file of files) reports.push(...parseReports(await readReport(file), file));
  if (files.length === 0) reports.push(...parseReports(await readStdin(ctx), "standard input"));
  const { io, world } = ctx;
  const { imported, skipped, changed } = await importReports(await ctx.store(), reports, world.now());
  const document = {
    changed,
    imported: imported.map((each) => ({ ...each, at: formatTime(each.at) })),
    skipped: skipped.map(({ server, store }) => ({ server, store })),
  };
  if (ctx.flags.json) await io.json(document);
  for (const { server, store } of skipped)
    io.warn(`skipped the report of ${server}: it is for ${JSON.stringify(store)}`);
  for (const { server, at, uses, unknown } of imported) {
    io.note(`${server}: ${count(uses - unknown, "use")} until ${formatTime(at)}`);
    if (unknown > 0) io.warn(`skipped ${count(unknown, "use")} of ${server}: this store has no such versions`);
  }
  if (!changed) io.note("nothing is newer than before");
}

async function readStdin({ world, io }: Context): Promise<string> {
  const { stdin } = world.streams;
  if (!stdin.isPiped) {
    throw new KeysError("INPUT_REQUIRED", "no report was given", {
      hint: "name its file: mcp-keys uses import <file>; or pipe it in",
    });
  }
  const onWait = () => {
    io.note("waiting for usage reports on standard input");
  };
  const text = await stdin.read({ limit: MAX_REPORT, onWait }).catch((cause: unknown) => {
    if (!(cause instanceof KeysError)) throw cause;
    throw new KeysError("REPORT_INVALID", cause.message, { cause });
  });
  return text ?? "";
}

async function readReport(path: string): Promise<string> {
  const bytes = await readAtMost(path, MAX_REPORT).catch((cause: unknown) => {
    throw new KeysError("USAGE", `cannot read ${path}`, { hint: "name the file that the server wrote", cause });
  });
  if (bytes === null) throw new KeysError("REPORT_INVALID", `${path} is too large for usage reports`);
  return bytes.toString("utf8");
}
