import { readFile } from "node:fs/promises";
import { shellQuote } from "../../core/shell-quote.ts";
import { KeysError } from "../../errors.ts";
import { packageVersion } from "../../package-version.ts";
import { parseBaseline, type Baseline } from "../../probe/report/baseline.ts";
import { exitOf } from "../../probe/report/conclude.ts";
import { chooseChecks } from "../../probe/choose-checks.ts";
import { CHECKS } from "../../probe/index.ts";
import { formatKeyHeader } from "../../probe/mcp/key-header.ts";
import { formatRate } from "../../probe/mcp/request-rate.ts";
import { parseServerUrl } from "../../probe/mcp/server-url.ts";
import { createRandomText } from "../../probe/random-text.ts";
import { STDIO_CHECKS } from "../../probe/stdio/index.ts";
import type { StdioProbeOptions } from "../../probe/stdio/probe.ts";
import type { Context } from "../context.ts";
import { openLab } from "./lab.ts";
import { openReportOutput } from "./output.ts";
import { openSavedReports } from "./save.ts";
import { readUrl, readProgram, readSecondKey, reportNameOf, type TestFlags } from "./options.ts";
import { readToken } from "../token-source.ts";

/** Tests a server over HTTP and prints the report, which also sets the exit status. */
export async function testServer(ctx: Context, target: readonly string[], flags: TestFlags): Promise<void> {
  const { world, io } = ctx;
  const name = reportNameOf(ctx, flags);
  const url = readUrl(target, flags);
  // Mistakes in the arguments come before the prompt for the token.
  parseServerUrl(url, null);
  chooseChecks(CHECKS, flags);
  const save = await openSavedReports(flags);
  const { header } = flags;
  const common = await readCommon(ctx, flags);
  const { key } = common;
  const secondKey = readSecondKey(ctx, flags.secondKeyEnv, key);
  const lab = ctx.flags.store === undefined ? undefined : await openLab(ctx, key);
  if (lab !== undefined) io.note(`issuing test keys in ${(await ctx.store()).spec}; they are revoked at the end`);
  const inHeader = header === undefined ? "" : ` --header ${shellQuote(formatKeyHeader(header))}`;
  const command = `mcp-keys test ${shellQuote(url)}${inHeader}`;
  const output = openReportOutput(ctx, name, {
    unit: "request",
    pace: ` at ${formatRate(flags.rate)}`,
    command,
    strict: flags.strict === true,
    moreChecks: lab === undefined ? `${command} --store file:` : null,
  });
  const { probeServer } = await import("../../probe/probe.ts");
  const report = await probeServer({
    ...common,
    ...output.listeners,
    ...{ url, secondKey, header, lab, tool: flags.call, allowHttp: flags.allowHttp },
    ...{ rate: flags.rate, concurrency: flags.concurrency, command },
    patienceMs: flags.patience === undefined ? undefined : flags.patience * 1000,
    request: await world.request(),
    epoch: world.now,
  });
  await output.end(report);
  await save(report);
  ctx.setExitStatus(exitOf(report));
  await lab?.close();
}

/** Tests a program that speaks MCP over stdio and prints the report, which also sets the exit status. */
export async function testProgram(ctx: Context, target: readonly string[], flags: TestFlags): Promise<void> {
  const name = reportNameOf(ctx, flags);
  const program = readProgram(ctx, target, flags);
  chooseChecks(STDIO_CHECKS, flags);
  const save = await openSavedReports(flags);
  const common = await readCommon(ctx, flags);
  const commandLine = [program.command, ...program.args].map(shellQuote).join(" ");
  const output = openReportOutput(ctx, name, {
    unit: "start",
    pace: "",
    command: `mcp-keys test --stdio -- ${commandLine}`,
    strict: flags.strict === true,
    moreChecks: null,
  });
  const [{ probeStdio }, { openSpawn }] = await Promise.all([
    import("../../probe/stdio/probe.ts"),
    import("./spawn.ts"),
  ]);
  const report = await probeStdio({
    ...common,
    ...output.listeners,
    ...program,
    ...(flags.envName !== undefined && { variable: flags.envName }),
    spawn: openSpawn(ctx),
  });
  await output.end(report);
  await save(report);
  ctx.setExitStatus(exitOf(report));
}

type CommonOptions = Omit<StdioProbeOptions, "command" | "args" | "variable" | "spawn">;

/** Reads the options of both kinds of test. Reads the baseline first: if it is unreadable, the user is not prompted for a token. */
async function readCommon(
  ctx: Context,
  { baseline, timeout, only, skip, strict, header }: TestFlags,
): Promise<CommonOptions> {
  const { world } = ctx;
  return {
    baseline: baseline === undefined ? undefined : await readBaseline(baseline),
    key: await readToken(ctx, "refuse", "token", header),
    ...{ only, skip, strict, timeoutMs: timeout === undefined ? undefined : timeout * 1000 },
    now: world.ticks,
    random: createRandomText(world.random),
    clientVersion: packageVersion,
    signal: world.interrupted,
  };
}

async function readBaseline(path: string): Promise<Baseline> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw new KeysError("USAGE", "cannot read the baseline", {
      hint: "create one with: mcp-keys test <url> --report json > baseline.json",
      cause,
    });
  }
  return parseBaseline(text);
}
