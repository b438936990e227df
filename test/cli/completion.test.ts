import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { INSTALL, type ShellName } from "../../src/cli/completion/install.ts";
import { scripts } from "../../src/cli/completion/shells/index.ts";
import { digestToken } from "../../src/core/digest.ts";
import { allCommands, buildProgram } from "../../src/cli/program.ts";
import { keptAs, newAccount } from "../../src/stores/keychain/item.ts";
import { openParts } from "../../src/stores/keychain/parts.ts";
import { aVersion } from "../fakes.ts";
import { aDraft, aWorld, keyNo } from "../stores/place.ts";
import { readPage } from "../docs/markdown.ts";
import { createCli } from "./fake-world.ts";

const SHELLS = Object.keys(INSTALL) as ShellName[];
type Cli = ReturnType<typeof createCli>["cli"];

/** Returns what may follow the words; the last one is the one to complete. */
async function after(cli: Cli, words: string, env?: Record<string, string>): Promise<string[]> {
  const piped = `${words.split(" ").join("\n")}\n`;
  const ran = await cli("completion bash --complete", { piped, ...(env !== undefined && { env }) });
  expect(ran).toMatchObject({ status: 0, stderr: "" });
  return ran.stdout.split("\n").flatMap((line) => (line === "" ? [] : line.replace(/\t.*/, "")));
}

async function withKeys() {
  const { cli, dir } = createCli();
  await cli("generate ci");
  await cli("generate deploy.prod-2");
  return { cli, dir };
}

const never = (): never => expect.unreachable();
const program = await buildProgram(never);

describe("candidates", () => {
  test("every command and every flag of the program", async () => {
    const { cli } = createCli();
    expect(await after(cli, "")).toEqual(program.commands.map((command) => command.name()));
    for (const command of allCommands(program).slice(1)) {
      const parent = command.parent === program ? [] : [command.parent!.name()];
      const offered = await after(cli, [...parent, command.name(), "--"].join(" "));
      for (const { long } of command.options) expect(offered).toContain(long);
      expect(offered).toEqual(expect.arrayContaining(["--store", "--json", "--help"]));
      expect(offered.includes("--version")).toBe(command.name() === "revoke");
    }
  });

  test("every choice of a flag and of an argument", async () => {
    const { cli } = createCli();
    for (const command of program.commands) {
      for (const { long, argChoices } of command.options.filter((flag) => flag.argChoices !== undefined)) {
        expect(await after(cli, `${command.name()} ${long!} `)).toEqual(argChoices);
        expect(await after(cli, `${command.name()} ${long!}=`)).toEqual(argChoices!.map((each) => `${long!}=${each}`));
      }
    }
    expect(await after(cli, "completion ")).toEqual(SHELLS);
  });

  test.each([
    ["rev", ["revoke"]],
    ["revoke ", ["ci", "deploy.prod-2"]],
    ["revoke d", ["deploy.prod-2"]],
    ["revoke --reason other ", ["ci", "deploy.prod-2"]],
    ["revoke ci ", []],
    ["export --keyset ci ", ["ci", "deploy.prod-2"]],
    ["audit --key ", ["ci", "deploy.prod-2"]],
    ["audit --key=c", ["--key=ci"]],
    ["store ", ["schema", "migrate", "adopt"]],
    ["store mig", ["migrate"]],
    ["--json store migrate --to f", ["file:"]],
    ["list --status active,rev", ["active,revoked"]],
    ["list --status nonsense,rev", []],
    ["list --st", ["--status", "--store"]],
    ["generate x --out ", [":files"]],
    ["generate x --out=", [":files"]],
    ["test --stdio -- ", [":files"]],
    ["generate ", []],
    ["generate --note ", []],
    ["list --json=", []],
    ["nonsense ", []],
    ["--nonsense rev", ["revoke"]],
    ["revoke -- ", [":files"]],
  ])("after '%s'", async (words, expected) => {
    const { cli } = await withKeys();
    const offered = await after(cli, words);
    expect(offered).toEqual(expected);
  });

  test("names of the store on the line", async () => {
    const { cli, dir } = await withKeys();
    const other = `file:${join(dir, "other", "keys.jsonl")}`;
    await cli(["generate", "elsewhere", "--store", other]);
    expect(await after(cli, `revoke --store ${other} `)).toEqual(["elsewhere"]);
    expect(await after(cli, `--store=${other} revoke `)).toEqual(["elsewhere"]);
  });

  test("nothing and no message if the store cannot be read", async () => {
    const { cli, dir } = createCli();
    for (const MCP_KEYS_STORE of ["postgres://x", `keyset:${dir}/none.json`, `file:${dir}`]) {
      expect(await after(cli, "revoke ", { MCP_KEYS_STORE })).toEqual([]);
    }
  });

  test("names of keys in a keychain, which is not opened", async () => {
    const { cli, dir } = createCli();
    const digest = keptAs(newAccount("KKKKKKKKKKK1", 1, digestToken("token 1")));
    const { journal } = openParts("keyring", aWorld(join(dir, "data")));
    await journal.write(aDraft([keyNo(1, { versions: [aVersion({ digest })] })]));
    await journal.close();
    // This bus would refuse a connection, and the digest is not there.
    const env = { MCP_KEYS_STORE: "keychain:", DBUS_SESSION_BUS_ADDRESS: `unix:path=${dir}/no-bus` };
    expect(await after(cli, "revoke ", env)).toEqual(["key-1"]);
  });

  test("words that start as the user typed, whatever that is", async () => {
    const { cli } = await withKeys();
    const word = fc.oneof(
      fc.constantFrom("revoke", "ci", "--", "--reason", "--status=active,", "store", "migrate", "--store", "file:", ""),
      fc.string({ maxLength: 12 }).map((text) => text.replaceAll(/\s/g, "")),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(word, { minLength: 1, maxLength: 5 }), async (words) => {
        const offered = await after(cli, words.join(" "));
        for (const each of offered.filter((line) => line !== ":files")) {
          expect(each.startsWith(words.at(-1)!)).toBe(true);
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe("the script", () => {
  test.each(SHELLS)("of %s is printed, and the help says how to install it", async (shell) => {
    const { cli } = createCli();
    expect(await cli(`completion ${shell}`)).toEqual({ status: 0, stdout: scripts[shell], stderr: "" });
    expect((await cli("completion --help")).stdout).toContain(INSTALL[shell]);
    expect(
      readPage("docs/cli.md")
        .blocks.map(({ text }) => text)
        .join("\n"),
    ).toContain(INSTALL[shell]);
    expect(INSTALL[shell]).toContain(`mcp-keys completion ${shell}`);
    const atTerminal = await cli(`completion ${shell}`, { columns: 80, answers: [] });
    expect(atTerminal.stderr).toBe(`next: ${INSTALL[shell]}\n`);
  });

  test.each(SHELLS)("of %s passes words on standard input, never as arguments, and evaluates no answer", (shell) => {
    const calls = scripts[shell].split("\n").filter((line) => line.includes("--complete"));
    expect(calls).toHaveLength(1);
    expect(calls[0]).toMatch(/\| (command )?mcp-keys completion \w+ --complete 2>(\/dev\/null|\$null)/);
    expect(scripts[shell].replaceAll(/^ *#.*$/gm, "")).not.toMatch(/\beval\b|compgen -W|Invoke-Expression/);
  });

  // No PowerShell here: at least its brackets and quotes are balanced.
  test("of PowerShell registers a completer that returns results", () => {
    const code = scripts.powershell.replaceAll(/^#.*$/gm, "").replaceAll(/'[^']*'|"(?:`.|[^"`])*"/g, "''");
    const open: string[] = [];
    for (const each of code.match(/[()[\]{}]/g) ?? []) {
      if ("([{".includes(each)) open.push(each);
      else expect(`${open.pop() ?? ""}${each}`).toMatch(/^(\(\)|\[\]|\{\})$/);
    }
    expect(open).toEqual([]);
    expect(code.replaceAll("''", "")).not.toMatch(/["'`]/);
    expect(scripts.powershell).toContain("Register-ArgumentCompleter -Native -CommandName mcp-keys -ScriptBlock {");
  });

  test("is refused with --json and for an unknown shell", async () => {
    const { cli } = createCli();
    expect((await cli("completion bash --json")).stderr).toContain('"code":"USAGE"');
    const unknown = await cli("completion tcsh");
    expect(unknown).toMatchObject({ status: 2, stdout: "" });
    expect(unknown.stderr).toContain("choose one of bash, zsh, fish, powershell");
  });
});
