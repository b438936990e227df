import { randomInt } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { expect, test, type TestContext } from "vitest";
import { type CrashPoint, prepareCrash, prepareTemplate, SCRIPTS, type ScriptName } from "./crash-round.ts";

const IS_TORTURE = process.env["MCP_KEYS_TORTURE"] === "1";
/** At least this many points in all scripts together. */
const POINTS = IS_TORTURE ? 3_000 : 300;
/** How many of them are before a call; the others are after a random time. */
const INSTRUMENTED = 250;
const LANES = 6;

/** A small generator of numbers from 0 to 1, because a failure has to be repeatable: CRASH_SEED. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

async function buildPreload(ctx: TestContext): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "mcp-keys-kill-"));
  ctx.onTestFinished(() => rmSync(folder, { recursive: true }));
  const outfile = join(folder, "kill-at.cjs");
  const entryPoints = [join(import.meta.dirname, "kill-at.main.ts")];
  await build({ entryPoints, outfile, bundle: true, platform: "node", format: "cjs", logLevel: "error" });
  return outfile;
}

test(
  `killed at ${String(POINTS)} points: a delivered version works, and the same command again ends the rotation and leaves nothing`,
  async (ctx) => {
    if (!existsSync("/proc/self/environ")) ctx.skip("needs /proc");
    const seed = Number(process.env["CRASH_SEED"] ?? randomInt(2 ** 31));
    const random = createRandom(seed);
    const setting = { preload: await buildPreload(ctx), template: await prepareTemplate() };

    /** A run that is not killed shows how many calls there are, and how long a run takes. */
    async function measure(script: ScriptName) {
      const round = await prepareCrash(script, setting);
      const report = join(dirname(setting.preload), `calls-${script}`);
      const start = performance.now();
      expect(await round.run({ env: { CALLS_TO: report } })).toMatchObject({ status: 0 });
      const usual = performance.now() - start;
      await round.close();
      const calls = readFileSync(report, "utf8").split("\n");
      return { script, calls, usual };
    }
    const measured = await Promise.all((Object.keys(SCRIPTS) as ScriptName[]).map(measure));

    const points: CrashPoint[] = measured.flatMap(({ script, calls }) =>
      calls.map((name, i) => ({ script, at: i + 1, what: `before call ${String(i + 1)}, ${name}` })),
    );
    // Calls that only read come last, and some of them are left out.
    const isRead = ({ what }: CrashPoint) => /\.(?:l?stat|fstat|read|access|realpath|opendir)/i.test(what);
    const order = new Map(points.map((point) => [point, random() + Number(isRead(point))]));
    points.sort((a, b) => order.get(a)! - order.get(b)!);
    if (!IS_TORTURE) points.splice(INSTRUMENTED);
    while (points.length < POINTS) {
      const { script, usual } = measured[points.length % measured.length]!;
      const after = Math.round(usual * random());
      points.push({ script, after, what: `after ${String(after)} ms of about ${String(Math.round(usual))}` });
    }
    const counts: Record<string, number> = {};
    await Promise.all(
      Array.from({ length: LANES }, async () => {
        for (let point = points.pop(); point !== undefined; point = points.pop()) {
          const where = `CRASH_SEED=${String(seed)}: ${point.script} killed ${point.what}`;
          const round = await prepareCrash(point.script, setting);
          const outcome = await round.crash(point, where);
          counts[outcome] = (counts[outcome] ?? 0) + 1;
          await round.close();
        }
      }),
    );
    // The kills have reached every step.
    if (IS_TORTURE || process.env["CRASH_SEED"] !== undefined) console.log(counts);
    for (const states of ["current", "current pending", "retiring current"])
      expect(
        Object.keys(counts).some((outcome) => outcome.endsWith(`SIGKILL ${states}`)),
        states,
      ).toBe(true);
  },
  IS_TORTURE ? 3_600_000 : 600_000,
);
