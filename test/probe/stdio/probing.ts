import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { openSpawn } from "../../../src/cli/test/spawn.ts";
import { probeStdio, type StdioProbeOptions } from "../../../src/probe/stdio/probe.ts";
import type { Spawn } from "../../../src/probe/stdio/spawn.ts";
import type { Report } from "../../../src/probe/report/report.ts";
import { TOKEN } from "../verify/verifying.ts";

/** The program under test; its first argument is the mistake. */
export const PROGRAM = fileURLToPath(new URL("program.js", import.meta.url));

/** Starts real programs. `atEnd` gets the cleanup of programs that still run. */
export function realSpawn(
  env: Readonly<Record<string, string | undefined>> = {},
  { signal = new AbortController().signal, atEnd = () => undefined }: Partial<SpawnEnd> = {},
): Spawn {
  const world = { env: { PATH: process.env["PATH"], ...env }, interrupted: signal };
  return openSpawn({ world, atEnd });
}

interface SpawnEnd {
  readonly signal: AbortSignal;
  readonly atEnd: (cleanUp: () => Promise<void>) => void;
}

/** Runs every check against `program.js` with a mistake. */
export function probeProgram(mistake: string, more: Partial<StdioProbeOptions> = {}): Promise<Report> {
  const KEY_DIGEST = createHash("sha256").update(TOKEN.reveal()).digest("hex");
  return probeStdio({
    command: process.execPath,
    args: [PROGRAM, mistake],
    key: TOKEN,
    spawn: realSpawn({ KEY_DIGEST, KEY_KNOWN: TOKEN.reveal() }),
    now: () => performance.now(),
    random: (length) => "bogus62".repeat(length).slice(0, length),
    clientVersion: "0.0.0-test",
    timeoutMs: 20_000,
    ...more,
  });
}
