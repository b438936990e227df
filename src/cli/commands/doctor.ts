import { Command } from "commander";
import { count } from "../../core/count.ts";
import { resolveConfig } from "../../config.ts";
import type { DiagnosticFinding } from "../../doctor/diagnostic.ts";
import type { KeyStore } from "../../stores/store.ts";
import type { CommandModule, Context } from "../context.ts";
import { addStore } from "../hint.ts";

interface DoctorFlags {
  readonly removeOrphans?: boolean;
}

export const doctor: CommandModule = {
  examples: [
    "mcp-keys doctor                  # find problems, and how to fix them",
    "mcp-keys doctor --json",
    "mcp-keys doctor --store keychain:",
  ],
  build: (open) =>
    new Command("doctor")
      .description(
        "Checks the store, its files and history, the keychain, the environment, Node.js and the clock. Changes nothing. " +
          "Exits 0 if nothing fails, 6 for the store, 4 for the token in MCP_API_KEY, 2 for the environment.",
      )
      .option("--remove-orphans", "first remove keychain items that belong to no key")
      .action((flags: DoctorFlags) => runDoctor(open(), flags)),
};

async function runDoctor(ctx: Context, { removeOrphans = false }: DoctorFlags): Promise<void> {
  const { flags, io, world } = ctx;
  const { createDiagnosticContext, diagnostics, runDiagnostics, openStore, removeOrphansOf } =
    await import("../lazy/doctor.ts");
  const config = resolveConfig(flags, world.env);
  if (removeOrphans) {
    const removed = await removeOrphansOf(config.store, world);
    io.note(removed === null ? "no keychain in use" : `removed ${count(removed.length, "item")} from the keychain`);
  }
  // A separate, unattended store: doctor must not wait for a keychain prompt.
  let opened: Promise<KeyStore> | undefined;
  ctx.atEnd(async () => (await opened)?.close());
  const diagnosticContext = createDiagnosticContext({
    world,
    config,
    node: world.node,
    now: world.now(),
    openStore: () => (opened ??= openStore(config.store, world)),
  });
  const { ok, counts, findings: found, exit } = await runDiagnostics(diagnosticContext, diagnostics);
  const findings = found.map(({ fix, ...rest }) =>
    fix === undefined ? rest : { ...rest, fix: addStore(fix, flags.store) },
  );
  ctx.setExitStatus(exit);
  if (flags.json) return io.json({ ok, counts, findings });
  await io.print(render(ctx, findings));
  const { fail, warn } = counts;
  io.note(fail + warn === 0 ? "no problems found" : `${count(fail, "problem")}, ${count(warn, "warning")}`);
}

const COLORS = { pass: "good", warn: "warn", fail: "error", info: "dim" } as const;

function render({ paint }: Context, findings: readonly DiagnosticFinding[]): string {
  const width = Math.max(...findings.map(({ id }) => id.length));
  const lines = findings.map(({ id, status, observed, fix }) => {
    const line = `${paint[COLORS[status]](status)}  ${id.padEnd(width)}  ${maskControls(observed)}\n`;
    return fix === undefined ? line : `${line}${" ".repeat(width + 8)}${paint.dim("fix:")} ${maskControls(fix)}\n`;
  });
  return lines.join("");
}

/** Replaces control characters: other users may have created these files, and their names must not control the terminal. */
function maskControls(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, "\uFFFD");
}
