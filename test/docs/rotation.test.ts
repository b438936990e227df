import { describe, expect, test } from "vitest";
import { faultOfArguments } from "./commands.ts";
import { readPage } from "./markdown.ts";
import { createPipeline, TOKEN, type Pipeline } from "./pipeline.ts";
import { openSources } from "./samples.ts";

const KINDS = ["A", "B", "C"] as const;

test("the sample of a server that reports its uses compiles", () => {
  const samples = readPage("docs/rotation.md")
    .blocks.filter(({ lang }) => lang === "ts")
    .map(({ text, line }) => ({
      path: `src/sample-${line}.ts`,
      text: text.replace('"mcp-keys"', '"./index.ts"'),
      line,
    }));
  expect(samples).toHaveLength(1);
  const sources = openSources(samples, []);
  expect(samples.map((sample) => sources.faults(sample))).toEqual([[]]);
});

/** The calls of `rotate.sh` on the page, with the arguments of every `mcp-keys` that it starts. */
const CALLS: Record<(typeof KINDS)[number], Record<string, string[]>> = {
  A: {
    first: ["generate ci"],
    plan: ["rotate ci --plan"],
    rotate: ["rotate ci --run-id"],
    finish: ["rotate ci --finish"],
    nightly: ["rotate ci --finish", "rotate ci --run-id"],
    leaked: ["rotate ci"],
  },
  B: {
    first: ["generate ci", "export"],
    plan: ["rotate ci --plan"],
    rotate: ["rotate ci --run-id"],
    finish: ["uses import", "rotate ci --finish"],
    nightly: ["uses import", "rotate ci --finish", "rotate ci --run-id"],
    leaked: ["rotate ci"],
  },
  C: {
    first: ["generate ci"],
    plan: ["rotate ci --plan"],
    rotate: ["rotate ci --run-id"],
    forget: ["check"],
    finish: ["rotate ci --finish"],
    nightly: ["rotate ci --run-id", "show ci", "check"],
    leaked: ["rotate ci", "check"],
  },
};

/** `rotate ci --run-id` for a command, its subcommand or key, and the flag that tells its calls apart. */
function nameCall(call: readonly string[]): string {
  const words = call.filter((word, i) => i < 2 && /^[a-z]+$/.test(word));
  const flag = call.find((word) => ["--plan", "--run-id", "--finish"].includes(word));
  return [...words, ...(flag === undefined ? [] : [flag])].join(" ");
}

async function faultsOf({ calls }: Pipeline): Promise<string[]> {
  const faults = await Promise.all(
    calls().map(async (call) => [call.join(" "), await faultOfArguments(call)] as const),
  );
  return faults.flatMap(([call, fault]) => (fault === null ? [] : `${call}: ${fault}`));
}

describe.each(KINDS)("kind %s", (kind) => {
  test.each(Object.entries(CALLS[kind]))("`sh rotate.sh %s` runs, and its commands parse", async (call, expected) => {
    const pipeline = createPipeline(kind);
    const { status, stderr } = await pipeline.run(`sh rotate.sh ${call}`, { RUN_ID: "night-1" });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(pipeline.calls().map(nameCall)).toEqual(expected);
    expect(await faultsOf(pipeline)).toEqual([]);
    expect(pipeline.argumentsSoFar()).not.toContain(TOKEN);
  });

  test.each(["", "nightyl"])("`sh rotate.sh %s` explains its use and starts nothing", async (call) => {
    const pipeline = createPipeline(kind);
    const { status, stderr } = await pipeline.run(`sh rotate.sh ${call}`);
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining("usage: sh rotate.sh") });
    expect(pipeline.calls()).toEqual([]);
  });

  test("a misspelled flag in its script is found", async () => {
    const pipeline = createPipeline(kind, (script) => script.replace("--verify", "--verfiy"));
    await pipeline.run("sh rotate.sh leaked");
    expect(await faultsOf(pipeline)).toEqual([expect.stringContaining("unknown option '--verfiy'")]);
  });

  test("`nightly` fails if the rotation fails, and rotates although the old token is still in use", async () => {
    const pipeline = createPipeline(kind);
    expect(await pipeline.run("sh rotate.sh nightly", { FAIL: "--if-older-than" })).toMatchObject({ status: 5 });
    if (kind === "C") return;
    const before = pipeline.calls().length;
    expect(await pipeline.run("sh rotate.sh nightly", { FAIL: "--finish" })).toMatchObject({ status: 5 });
    expect(pipeline.calls().slice(before).map(nameCall)).toContain("rotate ci");
  });
});
