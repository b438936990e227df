import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { createKeys, KeysError, openStore, type Deliver } from "../../src/index.ts";
import { createProject, FLAGS } from "./init-project.ts";

const errorOf = ({ stderr }: { stderr: string }) => JSON.parse(stderr.slice(stderr.indexOf('{"error"'))).error;

/** Leaves the key laptop as a run that was killed during the delivery does. */
async function withUnfinishedKey(deliver: (token: string, folder: string) => void) {
  const project = createProject();
  mkdirSync(join(project.file, ".."), { mode: 0o700 });
  const store = await openStore(`file:${project.file}`);
  const interrupted: Deliver = async ({ token }) => {
    deliver(token.reveal(), project.folder);
    throw new KeysError("INTERRUPTED", "killed");
  };
  onTestFinished(() => store.close());
  const keys = createKeys({ store });
  await expect(keys.generate({ name: "laptop", expiresAt: null, deliver: interrupted })).rejects.toMatchObject({
    code: "INTERRUPTED",
  });
  const states = async () => (await store.get("laptop"))?.versions.map(({ state }) => state);
  expect(await states()).toEqual(["pending"]);
  return { ...project, states };
}

describe("init after a run that was killed while it delivered the token", () => {
  test.each([
    ["before the file was written", [], () => undefined],
    [
      "after the file was written",
      [],
      (token: string, folder: string) => {
        writeFileSync(join(folder, "laptop.key"), `${token}\n`, { mode: 0o600 });
      },
    ],
    ["before the .env file was written", ["--dotenv", ".env"], () => undefined],
    [
      "after the .env file was written",
      ["--dotenv", ".env"],
      (token: string, folder: string) => {
        writeFileSync(join(folder, ".env"), `A=1\nMCP_API_KEY=${token}\n`, { mode: 0o600 });
      },
    ],
  ])("%s, finishes the key", async (_, flags, deliver) => {
    const { init, cli, read, states } = await withUnfinishedKey(deliver);
    const plan = await init([...FLAGS, ...flags, "--plan"]);
    expect(plan.stderr).toContain("a new token, because an earlier run did not finish the key laptop");
    expect(await states()).toEqual(["pending"]);
    expect((await init([...FLAGS, ...flags])).status).toBe(0);
    expect((await states())?.at(-1)).toBe("current");
    const text = read(flags.length > 0 ? ".env" : "laptop.key");
    expect((await cli("check", { piped: /mcp_\w+/.exec(text)![0] })).stdout).toContain("version 2");
    expect((await init([...FLAGS, ...flags])).stderr).toContain("nothing was changed");
  });

  test("keeps a file that has another token", async () => {
    const { init, read, states } = await withUnfinishedKey((_, folder) => {
      writeFileSync(join(folder, "laptop.key"), "theirs\n", { mode: 0o600 });
    });
    expect(errorOf(await init([...FLAGS, "--json"]))).toMatchObject({
      code: "OUTPUT_EXISTS",
      message: expect.stringContaining("does not contain the token of laptop"),
    });
    expect([read("laptop.key"), await states()]).toEqual(["theirs\n", ["pending"]]);
  });
});

describe("a symbolic link that leads out of the project", () => {
  test.each([
    ["src", "src", FLAGS, "--guard-file"],
    ["the guard", "mcp-auth.mjs", FLAGS, "--guard-file"],
    ["the folder of --guard-file", "lib", [...FLAGS, "--guard-file", "lib/guard.mjs"], "--guard-file"],
    ["the folder of --dotenv", "conf", [...FLAGS, "--dotenv", "conf/.env"], "--dotenv"],
  ])("is refused as %s", async (_, name, flags, hint) => {
    const { init, files, folder, file } = createProject();
    const outside = mkdtempSync(join(tmpdir(), "mcp-keys-outside-"));
    writeFileSync(join(outside, "theirs.mjs"), 'import "mcp-keys";\n');
    symlinkSync(name.endsWith(".mjs") ? join(outside, "theirs.mjs") : outside, join(folder, name));
    const before = files();
    const error = errorOf(await init([...flags, "--json"]));
    expect(error).toMatchObject({ code: "DELIVERY_FAILED", hint: expect.stringContaining(hint) });
    expect(error.message).toContain("leads out of the project");
    expect([readdirSync(outside), files(), readdirSync(join(file, "../..")).includes("store")]).toEqual([
      ["theirs.mjs"],
      before,
      false,
    ]);
  });

  test("is followed within the project", async () => {
    const { init, read, folder } = createProject();
    mkdirSync(join(folder, "code"));
    symlinkSync("code", join(folder, "src"));
    expect((await init(FLAGS)).status).toBe(0);
    expect(read("code/mcp-auth.mjs")).toContain("guardNode");
  });

  test("is no .gitignore for git, and init says so", async () => {
    const { init, git, folder, read } = createProject();
    git("init", "-q");
    writeFileSync(join(folder, "ignored"), "dist\n");
    symlinkSync("ignored", join(folder, ".gitignore"));
    expect(errorOf(await init([...FLAGS, "--gitignore", "--json"]))).toMatchObject({
      code: "DELIVERY_FAILED",
      message: expect.stringContaining("which git does not follow"),
    });
    expect(read("ignored")).toBe("dist\n");
  });
});

describe("two runs of init in one project", () => {
  test("at once: one sets everything up, and the other is done too or says to run it again", async () => {
    const { init, cli, read } = createProject();
    const ran = await Promise.all([init(FLAGS), init(FLAGS), init(FLAGS)]);
    expect(ran.map(({ status }) => status)).toContain(0);
    for (const { status, stderr } of ran) {
      expect(stderr).not.toContain("--force");
      if (status !== 0) expect(stderr).toMatch(/hint: .*run the same command again/);
    }
    expect((await init(FLAGS)).stderr).toContain("nothing was changed");
    expect((await cli("check", { piped: read("laptop.key") })).status).toBe(0);
  });

  test("with two names and one .env file: no token is replaced", async () => {
    const { init, cli, read } = createProject();
    const flagsFor = (name: string) => [
      "--framework",
      "python",
      "--client",
      "none",
      "--dotenv",
      ".env",
      "--name",
      name,
    ];
    const ran = await Promise.all(["a", "b", "c"].map((name) => init(flagsFor(name))));
    const works = (await Promise.all(["a", "b", "c"].map((name) => cli(`show ${name} --json`)))).filter(
      ({ status, stdout }) => status === 0 && JSON.parse(stdout).key.status === "active",
    );
    expect([works.length, ran.filter(({ status }) => status === 0).length]).toEqual([1, 1]);
    expect((await cli("check", { piped: /mcp_\w+/.exec(read(".env"))![0] })).status).toBe(0);
  });
});

describe("--guard-file and --dotenv", () => {
  test.each([
    ["lib/guard.mjs", false, "./lib/guard.mjs"],
    ["src/guard.mjs", true, "./guard.mjs"],
    ["guard.mts", true, "../guard.mjs"],
  ])("imports %s from where the server is", async (guard, hasSrc, from) => {
    const { init, folder } = createProject({ devDependencies: { typescript: "5" } });
    mkdirSync(join(folder, "lib"));
    if (hasSrc) mkdirSync(join(folder, "src"));
    expect((await init([...FLAGS, "--guard-file", guard])).stdout).toContain(`import("${from}")`);
  });

  test.each(["guard", "guard.cjs", "guard.js", "guard.ts", "", "."])(
    "refuses the name `%s` in a CommonJS project, where the guard could not await",
    async (name) => {
      const { init, files } = createProject();
      const error = errorOf(await init([...FLAGS, "--guard-file", name, "--json"]));
      expect(error).toMatchObject({ code: "USAGE", hint: expect.stringContaining("--guard-file mcp-auth.mjs") });
      expect(files()).toEqual(["package.json"]);
    },
  );

  test("refuse an empty name", async () => {
    const { init, files } = createProject();
    expect(errorOf(await init([...FLAGS, "--dotenv", "", "--json"]))).toMatchObject({
      code: "USAGE",
      message: "the name of a file is empty",
    });
    expect(files()).toEqual(["package.json"]);
  });

  test("take a whole path as it is", async () => {
    const { init, read, files } = createProject();
    const folder = mkdtempSync(join(tmpdir(), "mcp-keys-elsewhere-"));
    const flags = ["--guard-file", join(folder, "guard.mjs"), "--dotenv", join(folder, ".env")];
    expect((await init([...FLAGS, ...flags])).status).toBe(0);
    expect(readdirSync(folder).sort()).toEqual([".env", "guard.mjs"]);
    expect(files()).toEqual([".mcp.json", "package.json"]);
    expect(read("package.json")).toContain("notes");
    expect(readFileSync(join(folder, ".env"), "utf8")).toMatch(/^MCP_API_KEY=mcp_/);
    rmSync(folder, { recursive: true });
  });
});

test.each([
  ["pnpm-lock.yaml", "pnpm add mcp-keys"],
  ["yarn.lock", "yarn add mcp-keys"],
  ["bun.lock", "bun add mcp-keys"],
  ["package-lock.json", "npm install mcp-keys"],
])("with %s, installs the package with the package manager of the project", async (name, line) => {
  const { init, folder } = createProject();
  writeFileSync(join(folder, name), "");
  expect((await init([...FLAGS, "--plan"])).stdout).toContain(`(cd ${folder} && ${line})`);
});
