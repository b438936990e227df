import { Command } from "commander";
import { count } from "../../core/count.ts";
import { resolveConfig } from "../../config.ts";
import type { DiagnosticFinding } from "../../doctor/diagnostic.ts";
import type { KeyStore } from "../../stores/store.ts";
import type { CommandModule, Context } from "../context.ts";

interface DoctorFlags {
  readonly removeOrphans?: boolean;
}

export const doctor: CommandModule = {
  examples: [
    "mcp-keys doctor                  # what is wrong here, and how to mend it",
    "mcp-keys doctor --json",
    "mcp-keys doctor --store keychain:",
  ],
  build: (open) =>
    new Command("doctor")
      .summary("what is wrong here, and how to mend it")
      .description(
        "Looks at the store, its files and its history, the keychain, the environment, Node.js and the clock. Changes nothing. " +
          "Exits 0 when nothing fails; 6 for the store, 4 for the token in MCP_API_KEY, 2 for what surrounds them.",
      )
      .option("--remove-orphans", "first remove the items of the keychain that no version names")
      .action((flags: DoctorFlags) => runDoctor(open(), flags)),
};

async function runDoctor(ctx: Context, { removeOrphans = false }: DoctorFlags): Promise<void> {
  const { flags, io, world } = ctx;
  const { createDiagnosticContext, diagnostics, runDiagnostics, openStore, removeOrphansOf } =
    await import("../doctor.ts");
  const config = resolveConfig(flags, world.env);
  if (removeOrphans) {
    const removed = await removeOrphansOf(config.store, world);
    io.note(removed === null ? "no keychain is in use" : `removed ${count(removed.length, "item")} of the keychain`);
  }
  // Of its own, and not told that somebody is there: nobody is to be waited for who could answer a prompt.
  let opened: Promise<KeyStore> | undefined;
  ctx.atEnd(async () => (await opened)?.close());
  const diagnosticContext = createDiagnosticContext({
    world,
    config,
    node: world.node,
    now: world.now(),
    openStore: () => (opened ??= openStore(config.store, world)),
  });
  const { ok, counts, findings, exit } = await runDiagnostics(diagnosticContext, diagnostics);
  ctx.end(exit);
  if (flags.json) return io.json({ ok, counts, findings });
  await io.answer(render(ctx, findings));
  const { fail, warn } = counts;
  io.note(fail + warn === 0 ? "nothing is wrong" : `${String(fail)} failed, ${String(warn)} to be mended`);
}

const COLORS = { pass: "good", warn: "warn", fail: "error", info: "dim" } as const;

function render({ paint }: Context, findings: readonly DiagnosticFinding[]): string {
  const width = Math.max(...findings.map(({ id }) => id.length));
  const lines = findings.map(({ id, status, observed, fix }) => {
    const line = `${paint[COLORS[status]](status)}  ${id.padEnd(width)}  ${still(observed)}\n`;
    return fix === undefined ? line : `${line}${" ".repeat(width + 8)}${paint.dim("mend:")} ${still(fix)}\n`;
  });
  return lines.join("");
}

/** Others may have made files here, and their names must not steer the terminal. */
function still(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, "\uFFFD");
}
