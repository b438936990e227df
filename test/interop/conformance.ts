import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CONFORMANCE, run, type Ended } from "./programs.ts";

/** The checks of each scenario as `<id> <SUCCESS, FAILURE, WARNING, INFO or SKIPPED>`, in the order of the suite. */
export type Results = ReadonlyMap<string, readonly string[]>;

/** Runs the unmodified official conformance suite against a server. */
export async function runConformance(url: string, args: readonly string[]): Promise<Ended & { results: Results }> {
  const folder = await mkdtemp(join(tmpdir(), "mcp-keys-conformance-"));
  try {
    const ended = await run(CONFORMANCE, ["server", "--url", url, "-o", folder, ...args]);
    return { ...ended, results: await readResults(folder) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function readResults(folder: string): Promise<Results> {
  const results = new Map<string, string[]>();
  for (const name of (await readdir(folder)).sort()) {
    const scenario = /^server-(.+)-\d{4}-\d\d-\d\dT[\d-]+Z$/.exec(name)?.[1];
    if (scenario === undefined) continue;
    const checks = JSON.parse(await readFile(join(folder, name, "checks.json"), "utf8")) as Check[];
    results.set(
      scenario,
      checks.map(({ id, status }) => `${id} ${status}`),
    );
  }
  return results;
}

interface Check {
  readonly id: string;
  readonly status: string;
}
