import { readFile } from "node:fs/promises";
import { KeysError } from "../errors.ts";
import { packageVersion } from "../package-version.ts";
import { parseBaseline, type Baseline } from "../probe/baseline.ts";
import { exitOf } from "../probe/conclude.ts";
import { parseKeyHeader } from "../probe/key-header.ts";
import { probeDoor } from "../probe/probe.ts";
import { createRandomText } from "../probe/random-text.ts";
import type { Context } from "./context.ts";
import { openLab } from "./lab.ts";
import { openOutput } from "./report/output.ts";
import { reportNameOf, readSecondKey, type TestFlags } from "./test-options.ts";
import { readToken } from "./token-source.ts";

/** Tests a server over HTTP and prints the report. The status of the run is that of the report. */
export async function testServer(ctx: Context, url: string, flags: TestFlags): Promise<void> {
  const { world, io } = ctx;
  const name = reportNameOf(ctx, flags);
  const header = flags.header === undefined ? undefined : parseKeyHeader(flags.header);
  const baseline = flags.baseline === undefined ? undefined : await readBaseline(flags.baseline);
  const key = await readToken(ctx);
  const secondKey = readSecondKey(ctx, flags.secondKeyEnv, key);
  const lab = ctx.flags.store === undefined ? undefined : await openLab(ctx, key);
  if (lab !== undefined) io.note(`keys are made in ${(await ctx.store()).spec}, and revoked at the end`);
  const output = openOutput(ctx, name, flags);
  const report = await probeDoor({
    ...{ url, key, secondKey, header, lab, baseline, tool: flags.call },
    ...{ only: flags.only, skip: flags.skip, strict: flags.strict, allowHttp: flags.allowHttp },
    ...{ rate: flags.rate, concurrency: flags.concurrency, timeoutMs: flags.timeout * 1000 },
    request: await world.request(),
    now: world.ticks,
    epoch: world.now,
    random: createRandomText(world.random),
    clientVersion: packageVersion,
    signal: world.interrupted,
    ...output.listeners,
  });
  await output.end(report);
  ctx.end(exitOf(report));
  await lab?.close();
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
