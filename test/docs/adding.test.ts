import { beforeAll, describe, expect, test } from "vitest";
import type { CommandModule, Context } from "../../src/cli/context.ts";
import type { ClientFormat } from "../../src/clients/client.ts";
import type { Digest } from "../../src/core/digest.ts";
import type { Key } from "../../src/core/key.ts";
import { Secret } from "../../src/core/secret.ts";
import type { Diagnostic } from "../../src/doctor/diagnostic.ts";
import type { DiagnosticContext } from "../../src/doctor/context.ts";
import type { Format } from "../../src/formats/format.ts";
import type { Check } from "../../src/probe/check.ts";
import type { Target } from "../../src/probe/target/target.ts";
import type { Sink } from "../../src/sinks/sink.ts";
import type { KeyStore, OpenStore } from "../../src/stores/store.ts";
import { aKey, aVersion } from "../fakes.ts";
import { describeReadOnlyStore } from "../stores/contract.ts";
import { changesOf } from "../stores/place.ts";
import { readPage, spansOf, tableOf } from "./markdown.ts";
import { addedCodes, openSources, runSample, samplesIn, type Sources } from "./samples.ts";

const page = readPage("docs/adding.md");
const samples = samplesIn(page.blocks);

const CONTRACTS = [
  ["A store", "src/stores/store.ts", "KeyStore"],
  ["A format", "src/formats/format.ts", "Format"],
  ["A client", "src/clients/client.ts", "ClientFormat"],
  ["A sink", "src/sinks/sink.ts", "Sink"],
  ["A command", "src/cli/context.ts", "CommandModule"],
  ["A check", "src/probe/check.ts", "Check"],
  ["A diagnostic", "src/doctor/diagnostic.ts", "Diagnostic"],
] as const;

describe("the samples in docs/adding.md", () => {
  let sources: Sources;
  beforeAll(() => {
    const files = CONTRACTS.map(([, file]) => file);
    sources = openSources([...samples, WRONG], files, addedCodes(page.blocks));
  });

  test("each section has one sample of at most 25 lines", () => {
    const sections = page.sections.filter(({ level }) => level === 2).map(({ title }) => title);
    expect(sections).toEqual([...CONTRACTS.map(([section]) => section), "An error"]);
    expect(samples).toHaveLength(sections.length);
    expect(samples.filter(({ text }) => text.trimEnd().split("\n").length > 25).map(({ path }) => path)).toEqual([]);
  });

  test.each(samples)("$path compiles", (sample) => {
    expect(sources.faults(sample)).toEqual([]);
  });

  test("a wrong sample is found, with its line on the page", () => {
    expect(sources.faults(WRONG)).toEqual([expect.stringMatching(/^line 102: Type 'number' is not assignable/)]);
  });

  test.each(CONTRACTS)("%s: the table lists exactly the members of the contract in %s", (section, file, name) => {
    const written = tableOf(page, section, "member").rows.map(([member]) => spansOf(member!)[0]);
    expect(written).toEqual(sources.members(file, name));
  });
});

/** A sample that does not compile, as if it started at line 100 of the page. */
const WRONG = {
  path: "src/formats/wrong.ts",
  line: 100,
  text: `// src/formats/wrong.ts\nimport type { Format } from "./format.ts";\nexport const x: Format = { summary: 1, render: () => "" };\n`,
};

describe("the samples, when run", () => {
  const run = async (path: string): Promise<Record<string, unknown>> =>
    runSample(samples.find((each) => each.path === path)!);

  test("the format writes the token once and refuses a character it cannot represent", async () => {
    const { toml } = (await run("src/formats/toml.ts")) as { toml: Format };
    expect(toml.render({ token: new Secret("abc"), envName: "KEY" })).toBe("KEY = 'abc'\n");
    expect(() => toml.render({ token: new Secret("a'b"), envName: "KEY" })).toThrowError(
      expect.objectContaining({ code: "TOKEN_UNUSABLE" }) as Error,
    );
  });

  test("the client names the variable and has a file everywhere", async () => {
    const { junie } = (await run("src/clients/junie.ts")) as { junie: ClientFormat };
    const server = { url: "https://a.example/mcp", serverName: "notes", envName: "OTHER_KEY" };
    expect(JSON.stringify(junie.entries(server))).toContain("Bearer <OTHER_KEY>");
    expect(junie.userFile?.({ platform: "linux", env: {}, home: "/home/ada" })).toBe("/home/ada/.junie/mcp/mcp.json");
  });

  test("the sink distinguishes a failed delivery from an uncertain one", async () => {
    const { openPostSink } = (await run("src/sinks/post.ts")) as {
      openPostSink: (name: string, post: (text: string) => Promise<number>) => Promise<Sink>;
    };
    const sent: string[] = [];
    const open = (answer: number | Error) =>
      openPostSink("vault", async (text) => {
        if (answer instanceof Error) throw answer;
        sent.push(text);
        return answer;
      });
    expect(await (await open(204)).deliver("token")).toEqual({ to: "post:vault" });
    expect(sent).toEqual(["token"]);
    await expect((await open(500)).deliver("token")).rejects.toMatchObject({ code: "DELIVERY_UNCERTAIN" });
    await expect((await open(new Error("down"))).deliver("token")).rejects.toMatchObject({ code: "DELIVERY_FAILED" });
  });

  describe("the store", () => {
    const open = async (env: Record<string, string>) => {
      const { openReplicaStore } = (await run("src/stores/replica.ts")) as { openReplicaStore: OpenStore };
      return openReplicaStore("HISTORY", { env, uid: null, dataDir: null });
    };
    describeReadOnlyStore(async () => ({ open: () => open({}), again: null }));

    test("returns the keys of a history", async () => {
      const change = { seq: 1, at: 1, by: "ada", op: "generate" as const, keys: [aKey()] };
      const store = await open({ HISTORY: JSON.stringify([change]) });
      expect(await store.get("ci")).toEqual(aKey());
      expect(await store.find(aKey().versions[0]!.digest as Digest)).toMatchObject({
        key: { name: "ci" },
        version: { n: 1 },
      });
      expect(await store.snapshot()).toEqual({ epoch: "replica", seq: 1, keys: await store.list() });
      expect([await changesOf(store), await changesOf(store, 1)]).toEqual([[change], []]);
    });
  });

  test("the command prints text and JSON", async () => {
    const { count } = (await run("src/cli/commands/count.ts")) as { count: CommandModule };
    const printed: unknown[] = [];
    const ctx = (json: boolean) =>
      ({
        flags: { json },
        keys: async () => ({ list: async () => [aKey(), aKey({ enabled: false })] }),
        io: {
          print: async (text: string) => printed.push(text),
          json: async (document: object) => printed.push(document),
        },
      }) as unknown as Context;
    await count.build(() => ctx(false)).parseAsync([], { from: "user" });
    await count.build(() => ctx(true)).parseAsync(["--enabled"], { from: "user" });
    expect(printed).toEqual(["2\n", { count: 1 }]);
  });

  test("the check fails for a server that names its software, and passes for any other", async () => {
    const { hidesPoweredBy } = (await run("src/probe/checks/hides-powered-by.ts")) as { hidesPoweredBy: Check };
    const resultFor = (headers: Record<string, string[]>) =>
      hidesPoweredBy.run({
        ask: async () => ({ answer: { status: 401, headers } }),
        redact: String,
      } as unknown as Target);
    expect(await resultFor({})).toMatchObject({ pass: true });
    expect(await resultFor({ "x-powered-by": ["Express"] })).toMatchObject({
      pass: false,
      observed: "X-Powered-By: Express",
    });
  });

  test("the diagnostic warns about a usable key that never expires", async () => {
    const { expiry } = (await run("src/doctor/diagnostics/expiry.ts")) as { expiry: Diagnostic };
    const findingsFor = (keys: readonly Key[]) =>
      expiry.run({
        storedKeys: async () => ({ store: {} as KeyStore, keys }),
        now: 1_000,
      } as unknown as DiagnosticContext);
    const ending = aKey({ name: "ending", versions: [aVersion({ expiresAt: 2_000 })] });
    const lasting = aKey({ name: "lasting", versions: [aVersion({ expiresAt: null })] });
    expect(await findingsFor([ending])).toMatchObject([{ status: "pass" }]);
    expect(await findingsFor([ending, lasting])).toMatchObject([{ status: "warn", observed: "lasting never expires" }]);
    expect(await findingsFor([{ ...lasting, enabled: false }])).toMatchObject([{ status: "pass" }]);
    expect(await findingsFor([])).toEqual([]);
  });
});
