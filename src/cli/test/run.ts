import { readFile } from "node:fs/promises";
import { shellQuote } from "../../core/shell-quote.ts";
import { KeysError } from "../../errors.ts";
import { packageVersion } from "../../package-version.ts";
import { parseBaseline, type Baseline } from "../../probe/report/baseline.ts";
import { exitOf } from "../../probe/report/conclude.ts";
import { parseKeyHeader } from "../../probe/mcp/credentials.ts";
import { createRandomText } from "../../probe/random-text.ts";
import type { StdioProbeOptions } from "../../probe/stdio/probe.ts";
import type { Context } from "../context.ts";
import { openLab } from "./lab.ts";
import { openOutput } from "./output.ts";
import { readAddress, readProgram, readSecondKey, reportNameOf, type TestFlags } from "./options.ts";
import { readToken } from "../token-source.ts";

/** Tests a server over HTTP and prints the report. The status of the run is that of the report. */
export async function testServer(ctx: Context, target: readonly string[], flags: TestFlags): Promise<void> {
  const { world, io } = ctx;
  const name = reportNameOf(ctx, flags);
  const url = readAddress(target, flags);
  const header = flags.header === undefined ? undefined : parseKeyHeader(flags.header);
  const common = await readCommon(ctx, flags);
  const { key } = common;
  const secondKey = readSecondKey(ctx, flags.secondKeyEnv, key);
  const lab = ctx.flags.store === undefined ? undefined : await openLab(ctx, key);
  if (lab !== undefined) io.note(`keys are made in ${(await ctx.store()).spec}, and revoked at the end`);
  const again = `mcp-keys test ${shellQuote(url)}`;
  const output = openOutput(ctx, name, {
    one: "request",
    pace: ` at ${String(flags.rate)} a second`,
    again,
    further: lab === undefined ? `${again} --store file:` : null,
  });
  const { probeServer } = await import("../../probe/probe.ts");
  const report = await probeServer({
    ...common,
    ...output.listeners,
    ...{ url, secondKey, header, lab, tool: flags.call, allowHttp: flags.allowHttp },
    ...{ rate: flags.rate, concurrency: flags.concurrency },
    patienceMs: flags.patience === undefined ? undefined : flags.patience * 1000,
    request: await world.request(),
    epoch: world.now,
  });
  await output.end(report);
  ctx.end(exitOf(report));
  await lab?.close();
}

/** The same for a program that speaks MCP over its standard streams. */
export async function testProgram(ctx: Context, target: readonly string[], flags: TestFlags): Promise<void> {
  const name = reportNameOf(ctx, flags);
  const program = readProgram(ctx, target, flags);
  const common = await readCommon(ctx, flags);
  const typed = [program.command, ...program.args].map(shellQuote).join(" ");
  const output = openOutput(ctx, name, {
    one: "start",
    pace: "",
    again: `mcp-keys test --stdio -- ${typed}`,
    further: null,
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
  ctx.end(exitOf(report));
}

type Common = Omit<StdioProbeOptions, "command" | "args" | "variable" | "spawn">;

/** What a test is told whatever it tests. The baseline first: there is no need to ask for a token when it cannot be read. */
async function readCommon(ctx: Context, { baseline, timeout, only, skip, strict }: TestFlags): Promise<Common> {
  const { world } = ctx;
  return {
    baseline: baseline === undefined ? undefined : await readBaseline(baseline),
    key: await readToken(ctx),
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
    throw new KeysError("USAGE", "the baseline cannot be read", {
      hint: "make it with: mcp-keys test <url> --report json > baseline.json",
      cause,
    });
  }
  return parseBaseline(text);
}
