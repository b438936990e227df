import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createProject, FLAGS } from "./init-project.ts";

describe("init", () => {
  test("writes the guard, the key and the client's configuration, and says what is left to do", async () => {
    const { cli, init, read, folder } = createProject();
    const ran = await init(FLAGS);
    expect(ran).toMatchObject({ status: 0 });
    expect(read("mcp-auth.mjs")).toContain("export const guard = guardNode(verifier);");
    expect(JSON.parse(read(".mcp.json")).mcpServers.notes).toMatchObject({
      url: "http://127.0.0.1:3000/mcp",
      headers: { Authorization: "Bearer ${MCP_API_KEY}" },
    });
    expect(statSync(join(folder, "laptop.key")).mode & 0o777).toBe(0o600);
    expect((await cli("check", { piped: read("laptop.key") })).stdout).toContain("valid: laptop");
    expect(ran.stdout).toContain('     const guarding = import("./mcp-auth.mjs");\n     app.use("/mcp", async ');
    expect(ran.stdout).toContain(`npx mcp-keys verify http://127.0.0.1:3000/mcp < ${join(folder, "laptop.key")}`);
    expect(ran.stdout + ran.stderr).not.toContain(read("laptop.key").trim());
  });

  test("a second run changes nothing and says what exists", async () => {
    const { init, read, files, file } = createProject();
    await init(FLAGS);
    const before = [files(), read("mcp-auth.mjs"), read("laptop.key"), read(".mcp.json"), readFileSync(file, "utf8")];
    const again = await init(FLAGS);
    expect(again.status).toBe(0);
    expect(again.stderr).toContain("everything is there already; nothing was changed");
    expect([files(), read("mcp-auth.mjs"), read("laptop.key"), read(".mcp.json"), readFileSync(file, "utf8")]).toEqual(
      before,
    );
    expect(JSON.parse((await init([...FLAGS, "--json"])).stdout)).toMatchObject({ changed: false });
  });

  test("--plan shows the same and changes nothing", async () => {
    const { init, files, file } = createProject();
    const ran = await init([...FLAGS, "--plan"]);
    expect(ran.status).toBe(0);
    expect(ran.stderr).toMatch(/would write .*mcp-auth\.mjs[^]*would write .*\.mcp\.json[^]*would write .*laptop\.key/);
    expect([files(), existsSync(file)]).toEqual([["package.json"], false]);
    expect((await init(FLAGS)).stdout).toBe(ran.stdout);
  });

  test("asks four questions, with a guess for the framework", async () => {
    const { init, read, folder } = createProject({ type: "module", dependencies: { fastify: "5" } });
    const store = join(folder, "own", "keys.jsonl");
    const answers = ["", `file:${store}`, "ci", "cursor"];
    expect(await init([], { answers, env: { MCP_KEYS_STORE: "" } })).toMatchObject({ status: 0 });
    expect(read("mcp-auth.js")).toContain(`openStore(${JSON.stringify(`file:${store}`)})`);
    expect(read("mcp-auth.js")).toContain("guardFastify");
    expect(readFileSync(store, "utf8")).toContain('"ci"');
    expect(existsSync(join(folder, ".cursor/mcp.json"))).toBe(true);
  });

  test.each([
    ["--framework, --name, --client", []],
    ["--name, --client", ["--framework", "hono"]],
    ["--client", ["--framework", "hono", "--name", "ci"]],
    ["--name", ["--framework", "stdio"]],
  ])("without a terminal, names the missing %s", async (missing, flags) => {
    const { init, files } = createProject();
    const ran = await init([...flags, "--json"]);
    expect(ran.status).toBe(2);
    expect(JSON.parse(ran.stderr).error).toMatchObject({ code: "INPUT_REQUIRED", message: `init needs ${missing}` });
    expect(files()).toEqual(["package.json"]);
  });

  test("changes nothing if one part cannot be written", async () => {
    const { init, files, file, folder } = createProject();
    writeFileSync(join(folder, ".mcp.json"), '{"mcpServers":{"notes":{"command":"other"}}}');
    const ran = await init([...FLAGS, "--json"]);
    expect(JSON.parse(ran.stderr).error).toMatchObject({
      code: "OUTPUT_EXISTS",
      hint: expect.stringContaining("--server-name"),
    });
    expect([ran.status, files(), existsSync(file)]).toEqual([5, [".mcp.json", "package.json"], false]);
    expect((await init([...FLAGS, "--server-name", "mine"])).status).toBe(0);
  });

  test("never changes existing code", async () => {
    const { init, read, folder } = createProject();
    writeFileSync(join(folder, "mcp-auth.mjs"), "export const mine = 1;\n");
    expect(JSON.parse((await init([...FLAGS, "--json"])).stderr).error).toMatchObject({ code: "OUTPUT_EXISTS" });
    expect((await init([...FLAGS, "--guard-file", "guard.mjs"])).stdout).toContain('import("./guard.mjs")');
    expect(read("mcp-auth.mjs")).toBe("export const mine = 1;\n");
    writeFileSync(join(folder, "guard.mjs"), 'import "mcp-keys"; // edited\n');
    expect((await init([...FLAGS, "--guard-file", "guard.mjs"])).stderr).toContain("guard.mjs exists: it stays");
    expect(read("guard.mjs")).toContain("edited");
  });

  test("issues the key last, and completes what an interrupted run left", async () => {
    const { init, folder, file, read, cli } = createProject();
    await init(FLAGS);
    rmSync(file);
    rmSync(join(folder, "laptop.key"));
    const { changed, steps } = JSON.parse((await init([...FLAGS, "--json"])).stdout);
    const states = steps.map(({ step, state }: { step: string; state: string }) => [step, state]);
    expect([changed, states]).toEqual([
      true,
      [
        ["guard", "exists"],
        ["client", "exists"],
        ["key", "written"],
      ],
    ]);
    expect((await cli("check", { piped: read("laptop.key") })).status).toBe(0);
  });

  test("issues no key if the store cannot be written, and the same command completes it", async () => {
    const { init, folder, files, read, cli } = createProject();
    const store = join(folder, "store");
    symlinkSync(join(folder, "real"), store);
    const flags = [...FLAGS, "--store", `file:${store}/keys.jsonl`];
    const failed = await init(flags);
    expect(failed.status).toBe(6);
    expect(failed.stderr).toContain("the same command goes on from here");
    expect(files()).toEqual([".mcp.json", "mcp-auth.mjs", "package.json", "store"]);
    mkdirSync(join(folder, "real"), { mode: 0o700 });
    expect((await init(flags)).status).toBe(0);
    const ran = await cli(["check", "--store", `file:${store}/keys.jsonl`], { piped: read("laptop.key") });
    expect(ran.stdout).toContain("valid: laptop");
  });

  test("names the command for a client without a file", async () => {
    const { init } = createProject();
    const ran = await init(["--framework", "node", "--name", "a", "--client", "agentgateway", "--plan"]);
    expect(ran.stdout).toContain("mcp-keys export --for agentgateway --url http://127.0.0.1:3000/mcp\n");
  });

  test("without a home folder, says how to go on", async () => {
    const { init } = createProject();
    const flags = ["--framework", "node", "--name", "a", "--client", "windsurf", "--json"];
    const { code, hint } = JSON.parse((await init(flags, { env: { HOME: "" } })).stderr).error;
    expect([code, hint]).toEqual(["USAGE", expect.stringContaining("--client none")]);
  });

  test("keeps a file with the name of the token file that belongs to another store", async () => {
    const { init, read, file, files } = createProject();
    await init(FLAGS);
    const token = read("laptop.key");
    rmSync(file);
    const ran = await init([...FLAGS, "--json"]);
    expect(JSON.parse(ran.stderr).error).toMatchObject({ code: "OUTPUT_EXISTS" });
    expect([read("laptop.key"), existsSync(file), files().length]).toEqual([token, false, 4]);
  });

  test("sets a variable of a .env file, and does not replace another token there", async () => {
    const { init, read, folder } = createProject();
    writeFileSync(join(folder, ".env"), "A=1\nMCP_API_KEY=mine\n", { mode: 0o600 });
    const flags = [...FLAGS, "--dotenv", ".env"];
    expect(JSON.parse((await init([...flags, "--json"])).stderr).error).toMatchObject({ code: "OUTPUT_EXISTS" });
    writeFileSync(join(folder, ".env"), "A=1\nMCP_API_KEY=\nB=2\n", { mode: 0o600 });
    expect((await init(flags)).status).toBe(0);
    expect(read(".env")).toMatch(/^A=1\nMCP_API_KEY=mcp_\w+\nB=2\n$/);
    const again = await init(flags);
    expect(again.stderr).toContain("nothing was changed");
    writeFileSync(join(folder, ".env"), "");
    expect((await init(flags)).stderr).toContain("mcp-keys rotate laptop --out");
  });

  test.each([
    ["disable laptop", "KEY_NOT_ACTIVE"],
    ["revoke laptop --yes", "NAME_TAKEN"],
  ])("after %s, refuses the name", async (line, code) => {
    const { cli, init, files } = createProject();
    await cli("generate laptop");
    await cli(line);
    expect(JSON.parse((await init([...FLAGS, "--json"])).stderr).error).toMatchObject({ code });
    expect(files()).toEqual(["package.json"]);
  });

  test.each([
    ["a read-only store", [...FLAGS, "--store", "env:"], "STORE_READ_ONLY"],
    ["a store that keeps nothing", [...FLAGS, "--store", "memory:"], "STORE_READ_ONLY"],
    ["a client of a stdio server", ["--framework", "stdio", "--name", "a", "--client", "cursor"], "USAGE"],
    ["a URL of a stdio server", ["--framework", "stdio", "--name", "a", "--url", "http://127.0.0.1/"], "USAGE"],
    [
      "a server name without a client",
      ["--framework", "node", "--name", "a", "--client", "none", "--server-name", "x"],
      "USAGE",
    ],
    ["plain http beyond this machine", [...FLAGS, "--url", "http://mcp.example.com/mcp"], "INSECURE_TRANSPORT"],
  ])("refuses %s", async (_, flags, code) => {
    const { init, files } = createProject();
    expect(JSON.parse((await init([...flags, "--json"])).stderr).error).toMatchObject({ code });
    expect(files()).toEqual(["package.json"]);
  });

  test("refuses a package.json that is not JSON, and a folder that is not there", async () => {
    const { cli, init, folder } = createProject(null);
    writeFileSync(join(folder, "package.json"), "{");
    expect(JSON.parse((await init([...FLAGS, "--json"])).stderr).error).toMatchObject({ code: "USAGE" });
    expect((await cli(["init", join(folder, "gone"), ...FLAGS])).status).toBe(2);
  });

  test("gives only the file with the token a private mode", async () => {
    const { init, git, folder } = createProject();
    git("init", "-q");
    await init([...FLAGS, "--gitignore"]);
    const modeOf = (name: string) => statSync(join(folder, name)).mode & 0o777;
    expect([".gitignore", ".mcp.json", "mcp-auth.mjs", "laptop.key"].map(modeOf)).toEqual([
      ...[0o644, 0o644, 0o644, 0o600],
    ]);
  });

  test.each(["package.json", "mcp-auth.mjs"])("refuses %s that is an endless device or a pipe", async (name) => {
    for (const put of [
      (path: string) => symlinkSync("/dev/zero", path),
      (path: string) => execFileSync("mkfifo", [path]),
    ]) {
      const { init, folder, file } = createProject(name === "package.json" ? null : {});
      put(join(folder, name));
      const ran = await init([...FLAGS, "--json"]);
      expect(JSON.parse(ran.stderr).error).toMatchObject({ code: "USAGE", message: expect.stringContaining(name) });
      expect(existsSync(file)).toBe(false);
    }
  });

  test("changes nothing if the folder of the guard is missing", async () => {
    const { init, files, file } = createProject();
    const ran = await init([...FLAGS, "--guard-file", "gone/guard.mjs", "--json"]);
    expect(JSON.parse(ran.stderr).error).toMatchObject({ code: "DELIVERY_FAILED" });
    expect([files(), existsSync(file)]).toEqual([["package.json"], false]);
  });
});

describe("the framework that init guesses", () => {
  test.each([
    ["express", { dependencies: { express: "5", "@modelcontextprotocol/sdk": "1" } }],
    ["next", { dependencies: { next: "15", react: "19" } }],
    ["hono", { dependencies: { hono: "4", "@modelcontextprotocol/server": "2" } }],
    ["node", { devDependencies: { "@modelcontextprotocol/sdk": "1" } }],
    ["stdio", { bin: "server.js", dependencies: { "@modelcontextprotocol/sdk": "1" } }],
    ["fetch", { dependencies: { "@modelcontextprotocol/server": "2" } }],
  ])("is %s", async (framework, manifest) => {
    const { init } = createProject(manifest);
    const answers = ["", "ci", ...(framework === "stdio" ? [] : ["none"])];
    expect(JSON.parse((await init(["--plan", "--json"], { answers })).stdout)).toMatchObject({ framework });
  });

  test("is Python without a package.json, which gets a key and no guard", async () => {
    const { init, folder, files } = createProject(null);
    writeFileSync(join(folder, "pyproject.toml"), "");
    const ran = await init([], { answers: ["", "ci", "none"] });
    expect(ran.stdout).toContain("examples/python");
    expect(files()).toEqual(["ci.key", "pyproject.toml"]);
  });
});

describe("the token in a git repository", () => {
  test("is kept out of commits with --gitignore, or after a yes", async () => {
    for (const [flags, options] of [
      [[...FLAGS, "--gitignore"], {}],
      [FLAGS, { answers: ["maybe", "yes"] }],
    ] as const) {
      const { init, read, git, folder } = createProject();
      git("init", "-q");
      writeFileSync(join(folder, ".gitignore"), "node_modules");
      expect((await init(flags, options)).status).toBe(0);
      expect(read(".gitignore")).toBe("node_modules\n/laptop.key\n");
      expect(String(git("status", "--short"))).not.toContain("laptop.key");
      expect((await init(FLAGS)).stderr).toContain("nothing was changed");
    }
  });

  test("gets a warning without a yes", async () => {
    for (const options of [{}, { answers: ["no"] }]) {
      const { init, git, files } = createProject();
      git("init", "-q");
      const ran = await init(FLAGS, options);
      expect([ran.status, files().includes(".gitignore")]).toEqual([0, false]);
      expect(ran.stderr).toContain("warning: git does not ignore the file with the token");
    }
  });

  test("gets the warning in a repository of another owner too, as in a container", async () => {
    const { init, git } = createProject();
    git("init", "-q");
    const ran = await init(FLAGS, { env: { GIT_TEST_ASSUME_DIFFERENT_OWNER: "1" } });
    expect(ran.stderr).toContain("warning: git does not ignore the file with the token");
  });

  test("is kept out of commits in a file with characters of a pattern in its name", async () => {
    const { init, git, folder } = createProject();
    git("init", "-q");
    const name = "a*b [x]\\?.env ";
    expect((await init([...FLAGS, "--gitignore", "--dotenv", name])).status).toBe(0);
    expect(existsSync(join(folder, name))).toBe(true);
    expect(String(git("status", "--short", "-uall"))).not.toContain(".env");
  });

  test("is not issued if git does not ignore the file after all", async () => {
    const { init, git, files, file } = createProject();
    git("init", "-q");
    const ran = await init([...FLAGS, "--gitignore", "--dotenv", "a\nb", "--json"]);
    expect(JSON.parse(ran.stderr.slice(ran.stderr.indexOf("{"))).error).toMatchObject({ code: "DELIVERY_FAILED" });
    expect([files().includes("a\nb"), existsSync(file)]).toEqual([false, false]);
  });

  test("is refused in a file that git tracks, with a command that can be pasted", async () => {
    const { init, git, folder } = createProject();
    git("init", "-q");
    mkdirSync(join(folder, "my dir"));
    writeFileSync(join(folder, "my dir/p r.env"), "", { mode: 0o600 });
    git("add", ".");
    const ran = await init([...FLAGS, "--dotenv", "my dir/p r.env"]);
    expect(ran.stderr).toContain(`git rm --cached '${folder}/my dir/p r.env'`);
  });

  test("is refused in a file that git tracks", async () => {
    const { init, git, folder, file } = createProject();
    git("init", "-q");
    writeFileSync(join(folder, ".env"), "", { mode: 0o600 });
    git("add", ".env");
    const ran = await init([...FLAGS, "--dotenv", ".env", "--json"]);
    expect(JSON.parse(ran.stderr).error).toMatchObject({ code: "DELIVERY_FAILED" });
    expect(existsSync(file)).toBe(false);
  });
});
