import { constants } from "node:fs";
import { access, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { suggest } from "../../core/suggest.ts";
import { KeysError } from "../../errors.ts";
import { packageVersion } from "../../package-version.ts";
import { reports, type ReportName } from "../../probe/report/index.ts";
import type { Report } from "../../probe/report/report.ts";
import type { TestFlags } from "./options.ts";

/** Writes the report to the files of `--save`. @throws {@link KeysError} `OUTPUT_FAILED` */
export type SaveReport = (report: Report) => Promise<void>;

/**
 * Reads `--save <format=file>`, and checks that the files can be written, because a test takes a while.
 * @throws {@link KeysError} `USAGE`, `OUTPUT_FAILED`
 */
export async function openSavedReports({ save = [], strict }: Pick<TestFlags, "save" | "strict">): Promise<SaveReport> {
  const files = save.map(parse);
  for (const { path } of files) await check(path);
  return async (report) => {
    for (const { name, path } of files) {
      await writeFile(path, reports[name](report, { version: packageVersion, strict: strict === true })).catch(
        (cause: unknown) => {
          throw cannotWrite(path, cause);
        },
      );
    }
  };
}

interface SavedReport {
  readonly name: ReportName;
  readonly path: string;
}

function parse(text: string): SavedReport {
  const at = text.indexOf("=");
  const [name, path] = [text.slice(0, Math.max(0, at)), text.slice(at + 1)];
  if (isReport(name) && path !== "") return { name, path };
  const names = Object.keys(reports);
  throw new KeysError("USAGE", "--save takes a format and a file, such as sarif=mcp-access.sarif", {
    hint:
      at > 0 && !isReport(name) ? `${suggest(name, names)}choose one of ${names.join(", ")}` : "write <format>=<file>",
  });
}

function isReport(name: string): name is ReportName {
  return Object.hasOwn(reports, name);
}

/** A file that is not there yet needs a folder that can be written. */
async function check(path: string): Promise<void> {
  try {
    const found = await stat(path).catch(ifMissing);
    if (found?.isDirectory() === true) throw Object.assign(new Error("a folder"), { code: "EISDIR" });
    await access(found === null ? dirname(path) : path, constants.W_OK);
  } catch (cause) {
    throw cannotWrite(path, cause);
  }
}

function ifMissing(error: unknown): null {
  if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
  throw error;
}

function cannotWrite(path: string, cause: unknown): KeysError {
  const { code = "unknown" } = cause as NodeJS.ErrnoException;
  return new KeysError("OUTPUT_FAILED", `cannot write ${path} (${code})`, {
    hint: "pass a file in a folder that exists and that you can write",
    cause,
  });
}
