import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { editFile } from "../../src/sinks/edit-file.ts";
import { createCli } from "./fake-world.ts";

const URL = "https://mcp.example.com/mcp";
const FOR = ["export", "--for", "cursor", "--url", URL, "--server-name", "notes"];
const OTHERS = '{\n  // mine\n  "mcpServers": {\n    "a": {}\n  }\n}\n';

/** A file of Cursor with another server, and a CLI whose home folder is empty. */
function createFile(text = OTHERS) {
  const { cli, dir } = createCli();
  const home = join(dir, "home");
  mkdirSync(home);
  const file = join(dir, "mcp.json");
  writeFileSync(file, text, { mode: 0o640 });
  chmodSync(file, 0o640);
  const install = (...flags: string[]) => cli([...FOR, "--install", file, ...flags], { env: { HOME: home } });
  return { cli, dir, home, file, install, backup: `${file}.mcp-keys.bak` };
}

describe("export --for", () => {
  test("prints the configuration alone on stdout, and says what to do next", async () => {
    const { cli } = createCli();
    const ran = await cli(FOR);
    expect(JSON.parse(ran.stdout)).toEqual({
      mcpServers: { notes: { url: URL, headers: { Authorization: "Bearer ${env:MCP_API_KEY}" } } },
    });
    expect(ran).toMatchObject({
      status: 0,
      stderr:
        "set MCP_API_KEY in the environment that starts Cursor\nrun this with --install to add it to the file of Cursor\n",
    });
    const { text, ...rest } = JSON.parse((await cli([...FOR, "--json"])).stdout) as { text: string };
    expect([text, rest]).toEqual([ran.stdout, { schemaVersion: 1, client: "cursor" }]);
  });

  test.each([
    ["https://mcp.example.com/mcp", "mcp-example-com"],
    ["http://localhost:3000/mcp", "localhost"],
    ["http://[::1]:3000/mcp", "1"],
    [`https://${"a".repeat(63)}.example.com/`, "a".repeat(63)],
  ])("names the server of %s %s", async (url, name) => {
    const { cli } = createCli();
    const { stdout, stderr } = await cli(["export", "--for", "cursor", "--url", url]);
    expect(Object.keys((JSON.parse(stdout || stderr) as { mcpServers: object }).mcpServers)).toEqual([name]);
  });

  test.each([
    ["without a URL", ["--for", "codex"], "--for needs the URL of the server"],
    ["with a URL that is none", ["--for", "codex", "--url", "mcp.example.com"], "not an http:// or https:// URL"],
    ["with a key in the URL", ["--for", "codex", "--url", "https://a.example/?api_key=x"], "the URL contains a key"],
    ["with a variable in the URL", ["--for", "codex", "--url", "https://a.example/$USER"], "which clients replace"],
    ["with braces in the URL", ["--for", "codex", "--url", "https://a.example/?a={env:X}"], "which clients replace"],
    ["for an unknown client", ["--for", "emacs", "--url", URL], "is not a valid value of --for"],
    ["with a server name with spaces", ["--for", "codex", "--url", URL, "--server-name", "my notes"], "not a name"],
    ["with a server name of a prototype", ["--for", "codex", "--url", URL, "--server-name", "__proto__"], "not a name"],
    ["with a key", ["ci", "--for", "codex", "--url", URL], "the name of a key has no effect with --for"],
    ["with --format", ["--for", "codex", "--url", URL, "--format", "shell"], "--format has no effect with --for"],
    ["with --out", ["--for", "codex", "--url", URL, "--out", "x"], "--out has no effect with --for"],
    ["with --to", ["--for", "codex", "--url", URL, "--to", "cat"], "--to has no effect with --for"],
    ["with --keyset", ["--for", "codex", "--url", URL, "--keyset"], "--keyset has no effect with --for"],
    ["with --no-names", ["--for", "codex", "--url", URL, "--no-names"], "--no-names has no effect with --for"],
    [
      "with --force alone",
      ["--for", "codex", "--url", URL, "--force"],
      "--force has no effect without --out or --install",
    ],
    [
      "with --scope alone",
      ["--for", "codex", "--url", URL, "--scope", "user"],
      "--scope has no effect without --install",
    ],
    ["with two files", ["--for", "codex", "--url", URL, "--scope", "user", "--install", "x"], "both choose the file"],
    ["without --for, with --url", ["--url", URL], "--url has no effect without --for"],
    ["without --for, with --install", ["--install"], "--install has no effect without --for"],
    ["without --for, with --server-name", ["--server-name", "x"], "--server-name is only for"],
    [
      "with a name that is not used",
      ["--for", "server-json", "--url", URL, "--server-name", "x"],
      "--server-name has no effect with --for server-json",
    ],
    [
      "with a variable that is not used",
      ["--for", "server-json", "--url", URL, "--env-name", "X"],
      "--env-name has no effect with --for server-json",
    ],
    [
      "in a project of a client without one",
      ["--for", "zed", "--url", URL, "--install", "--scope", "project"],
      "Zed has no file in a project",
    ],
    [
      "in a client without a file",
      ["--for", "agentgateway", "--url", URL, "--install"],
      "agentgateway has no file of its own",
    ],
    ["without a home", ["--for", "zed", "--url", URL, "--install"], "HOME is not set"],
  ])("exits with 2 %s", async (_, flags, says) => {
    const { cli, dir } = createCli();
    const ran = await cli(["export", ...flags]);
    expect({ status: ran.status, stdout: ran.stdout }).toEqual({ status: 2, stdout: "" });
    expect(ran.stderr).toContain(says);
    expect(readdirSync(dir)).toEqual([]);
  });

  test("refuses plain http beyond this machine, unless --allow-http", async () => {
    const { cli } = createCli();
    const line = ["export", "--for", "zed", "--url", "http://mcp.example.com/mcp", "--json"];
    expect(JSON.parse((await cli(line)).stderr)).toMatchObject({ error: { code: "INSECURE_TRANSPORT" } });
    const { text } = JSON.parse((await cli([...line, "--allow-http"])).stdout) as { text: string };
    expect(text).toContain('"--allow-http"');
  });
});

describe("export --install", () => {
  test("creates the file of the user, with its folder", async () => {
    const { cli, home } = createFile();
    const ran = await cli([...FOR, "--install"], { env: { HOME: home } });
    const file = join(home, ".cursor/mcp.json");
    expect(ran).toMatchObject({ status: 0, stdout: "" });
    expect(ran.stderr).toBe(`added the server to ${file}\nset MCP_API_KEY in the environment that starts Cursor\n`);
    expect(readFileSync(file, "utf8")).toBe((await cli(FOR)).stdout);
    expect(readdirSync(join(home, ".cursor"))).toEqual(["mcp.json"]);
  });

  test("keeps the mode, and a copy of the file as it was that only its owner can read", async () => {
    const { file, install, backup, dir } = createFile();
    const ran = await install("--json");
    expect(JSON.parse(ran.stdout)).toEqual({ schemaVersion: 1, client: "cursor", file, changed: true, backup });
    expect(readFileSync(backup, "utf8")).toBe(OTHERS);
    expect([statSync(file).mode & 0o777, statSync(backup).mode & 0o777]).toEqual([0o640, 0o600]);
    expect(readdirSync(dir).sort()).toEqual(["home", "mcp.json", "mcp.json.mcp-keys.bak"]);
  });

  test("changes nothing the second time, not even the copy", async () => {
    const { file, install, backup } = createFile();
    await install();
    const before = [statSync(file).ino, readFileSync(file, "utf8")];
    const ran = await install("--json");
    expect(JSON.parse(ran.stdout)).toMatchObject({ changed: false, backup: null });
    expect([statSync(file).ino, readFileSync(file, "utf8")]).toEqual(before);
    expect(readFileSync(backup, "utf8")).toBe(OTHERS);
    chmodSync(file, 0o400);
    expect((await install()).stderr).toBe(`${file} already has this server\n`);
  });

  test("replaces an entry that differs only with --force", async () => {
    const { file, install, cli } = createFile();
    await install();
    const text = readFileSync(file, "utf8");
    const moved = ["export", "--for", "cursor", "--url", "https://moved.example/mcp", "--server-name", "notes"];
    const ran = await cli([...moved, "--install", file]);
    expect(ran).toMatchObject({ status: 5, stdout: "" });
    expect(ran.stderr).toContain("already has notes, with other settings");
    expect(readFileSync(file, "utf8")).toBe(text);
    expect((await cli([...moved, "--install", file, "--force"])).status).toBe(0);
    expect(readFileSync(file, "utf8")).toBe(text.replace(URL, "https://moved.example/mcp"));
  });

  test("says which settings of the old entry are gone", async () => {
    const { install, file } = createFile('{"mcpServers":{"notes":{"command":"x","env":{"KEY":"secret-in-the-file"}}}}');
    const { status, stderr } = await install("--force");
    expect(status).toBe(0);
    expect(stderr).toContain(
      `\nremoved from the old entry: command, env\nthe file as it was is in ${file}.mcp-keys.bak\n`,
    );
    expect(stderr).not.toContain("secret-in-the-file");
  });

  test("edits a file with megabytes of history", async () => {
    const history = JSON.stringify({ history: Array.from({ length: 20_000 }, (_, i) => `${i} ${"x".repeat(500)}`) });
    const { install, file } = createFile(`{"projects": ${history},\n"mcpServers": {}}\n`);
    expect((await install()).status).toBe(0);
    const text = readFileSync(file, "utf8");
    expect(text).toContain(history);
    expect(JSON.parse(text)).toMatchObject({ mcpServers: { notes: { url: URL } } });
  });

  test("refuses a file of more than 64 MiB", async () => {
    const { install, file } = createFile();
    truncateSync(file, 64 * 1024 * 1024 + 1);
    expect(await install()).toMatchObject({ status: 5, stderr: expect.stringContaining("larger than 67108864 bytes") });
  });

  test("follows a link to a file, and the link stays", async () => {
    const { dir, file, cli } = createFile();
    const link = join(dir, "link.json");
    symlinkSync("mcp.json", link);
    const ran = await cli([...FOR, "--install", link]);
    expect(ran.stderr).toContain(`added the server to ${file}\nthe file as it was is in ${file}.mcp-keys.bak\n`);
    expect(readlinkSync(link)).toBe("mcp.json");
    expect(readFileSync(file, "utf8")).toContain("notes");
  });

  test.each([
    ["a read-only file", (file: string) => chmodSync(file, 0o440), 5, /is read-only\nhint: .*chmod u\+w/],
    [
      "invalid JSON, with the line",
      (file: string) => writeFileSync(file, '{\n"a":'),
      2,
      /^error: line 2 of .* is not valid JSON\n/,
    ],
    ["UTF-16", (file: string) => writeFileSync(file, Buffer.from("\uFEFF{}", "utf16le")), 2, /is not UTF-8 text/],
    ["a file with a second name", (file: string) => linkSync(file, `${file}.2`), 5, /has a second name/],
    ["a folder in place of the copy", (file: string) => mkdirSync(`${file}.mcp-keys.bak`), 5, /bak is a folder/],
    [
      "a link in place of the copy",
      (file: string) => symlinkSync("mcp.json", `${file}.mcp-keys.bak`),
      5,
      /bak is a symbolic link/,
    ],
  ])("refuses %s, and changes nothing", async (_, prepare, status, says) => {
    const { file, install, dir } = createFile();
    prepare(file);
    const before = [readdirSync(dir).sort(), readFileSync(file), lstatSync(file).ino];
    const ran = await install();
    expect({ status: ran.status, stdout: ran.stdout }).toEqual({ status, stdout: "" });
    expect(ran.stderr).toMatch(says);
    expect([readdirSync(dir).sort(), readFileSync(file), lstatSync(file).ino]).toEqual(before);
  });

  test("refuses a link to nothing, a folder and a folder that is a file", async () => {
    const { dir, file, cli } = createFile();
    symlinkSync("nothing", join(dir, "link"));
    for (const [path, says] of [
      ["link", "is a symbolic link to nothing"],
      ["home", "is not a file"],
      ["mcp.json/x.json", "is not a folder"],
    ] as const) {
      const ran = await cli([...FOR, "--install", join(dir, path)]);
      expect(ran).toMatchObject({ status: 5, stdout: "" });
      expect(ran.stderr).toContain(says);
    }
    expect(readFileSync(file, "utf8")).toBe(OTHERS);
    expect(existsSync(join(dir, "nothing"))).toBe(false);
  });

  test("in a project, refuses a link that leads out of it", async () => {
    const { dir, file, home } = createFile();
    const edit = { edit: (text: string) => `${text}x`, uid: null, within: home, onOpen: () => undefined };
    symlinkSync(file, join(home, ".mcp.json"));
    symlinkSync(dir, join(home, ".cursor"));
    for (const path of [".mcp.json", ".cursor/mcp.json", ".cursor/new.json", ".cursor/new/folder/new.json"]) {
      await expect(editFile(join(home, path), edit)).rejects.toMatchObject({
        code: "DELIVERY_FAILED",
        message: expect.stringContaining("leads out of the project"),
      });
    }
    expect(readFileSync(file, "utf8")).toBe(OTHERS);
    expect(existsSync(join(dir, "new"))).toBe(false);
    writeFileSync(join(home, "inside.json"), "y");
    symlinkSync("inside.json", join(home, "link.json"));
    expect(await editFile(join(home, "link.json"), edit)).toMatchObject({ changed: true });
    expect(readFileSync(join(home, "inside.json"), "utf8")).toBe("yx");
  });

  test("several at once lose nothing, and the copy is of a file without ours", async () => {
    const { file, cli, backup } = createFile();
    const names = Array.from({ length: 12 }, (_, i) => `s${i}`);
    const line = (name: string) => [
      "export",
      "--for",
      "cursor",
      "--url",
      URL,
      "--server-name",
      name,
      "--install",
      file,
    ];
    const ran = await Promise.all([...names, ...names].map((name) => cli(line(name))));
    expect(ran.map(({ status, stderr }) => (status === 0 ? 0 : stderr))).toEqual(ran.map(() => 0));
    const text = readFileSync(file, "utf8");
    expect(names.filter((name) => text.split(`"${name}":`).length !== 2)).toEqual([]);
    expect(text).toContain("// mine");
    const copy = readFileSync(backup, "utf8");
    expect(names.filter((name) => !copy.includes(`"${name}":`))).toHaveLength(1);
  });

  test("never shows a key that the user has put into the file", async () => {
    const { cli, dir } = createCli();
    const file = join(dir, "lm.json");
    const line = (url: string) => [
      "export",
      "--for",
      "lm-studio",
      "--url",
      url,
      "--server-name",
      "notes",
      "--install",
      file,
    ];
    await cli(line(URL));
    writeFileSync(file, readFileSync(file, "utf8").replace("<MCP_API_KEY>", "secret-in-the-file"));
    for (const words of [
      line(URL),
      line("https://moved.example/mcp"),
      [...line("https://moved.example/mcp"), "--force", "--json"],
    ]) {
      const { stdout, stderr } = await cli([...words, "--verbose"]);
      expect(stdout + stderr).not.toContain("secret-in-the-file");
    }
    expect(readFileSync(file, "utf8")).toContain("https://moved.example/mcp");
    expect(readFileSync(file, "utf8")).toContain("Bearer secret-in-the-file");
  });
});
