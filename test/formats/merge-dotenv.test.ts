import { spawnSync } from "node:child_process";
import { parse as parseDotenv } from "dotenv";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Secret } from "../../src/core/secret.ts";
import { mergeDotenv } from "../../src/formats/merge-dotenv.ts";
import { RUNS } from "../arbitraries.ts";

const NAME = "MCP_API_KEY";
const merge = (text: string, token = "new") =>
  mergeDotenv(text, { envName: NAME, token: new Secret(token), source: ".env" });

test.each([
  ["an empty file", "", "MCP_API_KEY=new\n"],
  ["another variable", "A=1\n", "A=1\nMCP_API_KEY=new\n"],
  ["no final newline", "A=1", "A=1\nMCP_API_KEY=new\n"],
  ["Windows line breaks", "A=1\r\nMCP_API_KEY=old\r\nB=2\r\n", "A=1\r\nMCP_API_KEY=new\r\nB=2\r\n"],
  ["Windows line breaks, without the variable", "A=1\r\n", "A=1\r\nMCP_API_KEY=new\r\n"],
  ["the variable without a final newline", "MCP_API_KEY=old", "MCP_API_KEY=new"],
  ["an export prefix", "  export MCP_API_KEY=old # ci\n", "  export MCP_API_KEY=new # ci\n"],
  ["single quotes", "MCP_API_KEY='old'# c\n", "MCP_API_KEY='new'# c\n"],
  ["double quotes", 'MCP_API_KEY = "old"\n', 'MCP_API_KEY = "new"\n'],
  ["spaces in the old value", "MCP_API_KEY=old value  \n", "MCP_API_KEY=new  \n"],
  ["an empty value", "MCP_API_KEY=\nB=2\n", "MCP_API_KEY=new\nB=2\n"],
  ["an empty value with a comment", "MCP_API_KEY= # todo\n", "MCP_API_KEY=new # todo\n"],
  ["a number sign in the old value", "MCP_API_KEY=a#b\n", "MCP_API_KEY=new\n"],
  ["a colon and no value", "MCP_API_KEY: \n", "MCP_API_KEY: new\n"],
  ["a reference as the value", "MCP_API_KEY=${OTHER}\n", "MCP_API_KEY=new\n"],
  ["the form of YAML", "MCP_API_KEY: old\n", "MCP_API_KEY: new\n"],
  ["the variable twice", "MCP_API_KEY=a\nMCP_API_KEY=b\n", "MCP_API_KEY=a\nMCP_API_KEY=new\n"],
  ["the variable in a comment", "#MCP_API_KEY=a\n", "#MCP_API_KEY=a\nMCP_API_KEY=new\n"],
  ["a similar variable", "MY_MCP_API_KEY=a\nMCP_API_KEY2=b\n", "MY_MCP_API_KEY=a\nMCP_API_KEY2=b\nMCP_API_KEY=new\n"],
  ["a byte order mark", "\uFEFFMCP_API_KEY=old\n", "\uFEFFMCP_API_KEY=new\n"],
  ["an apostrophe elsewhere, which only a shell minds", "A=don't\nMCP_API_KEY=old\n", "A=don't\nMCP_API_KEY=new\n"],
  ["a value over several lines before it", "A='1\n2'\nMCP_API_KEY=old\n", "A='1\n2'\nMCP_API_KEY=new\n"],
])("sets the variable in a file with %s", (_, before, after) => {
  expect(merge(before)).toBe(after);
});

test("quotes a token that needs it, and refuses one that no quotes can hold", () => {
  expect(merge("MCP_API_KEY=old\n", "a b#c!d")).toBe("MCP_API_KEY='a b#c!d'\n");
  expect(merge('MCP_API_KEY="old"\n', "a#b")).toBe("MCP_API_KEY='a#b'\n");
  for (const token of ["it's", "a\\b", "$HOME", "a\nb"]) {
    expect(() => merge("", token)).toThrow(expect.objectContaining({ code: "TOKEN_UNUSABLE" }));
  }
});

test.each([
  ["inside a value over several lines", "A='1\nMCP_API_KEY=old\n2'\n"],
  ["inside what a shell takes for quotes", "A=it's\nMCP_API_KEY=old\nB=it's\n"],
  ["with a value over several lines", "MCP_API_KEY='1\n2'\n"],
  ["with text after its quotes", "MCP_API_KEY='1' 2\n"],
  ["after a line that a shell continues", "A=1\\\nMCP_API_KEY=old\n"],
  ["with a quote inside its value", "MCP_API_KEY=it's\nA=it's\n"],
  ["after a colon alone, which takes the next line", "A:\nMCP_API_KEY=old\n"],
  ["whose value is on the next line", "MCP_API_KEY\n=old\n"],
  ["after a last line that a shell continues", "A=\\"],
  ["with quotes that do not end", "A='1\n"],
  ["with an old Macintosh line break", "A=1\rMCP_API_KEY=old\n"],
])("refuses a file with the variable %s", (_, text) => {
  expect(() => merge(text)).toThrow(expect.objectContaining({ code: "USAGE" }));
});

/** The readers, as the variables they see; `null` if the file is not for them. */
const readers = {
  "the dotenv package": (text: string) => parseDotenv(text),
  /** docker/cli, `pkg/kvfile`: lines, trimmed at the left; no quotes, no comments after a value. */
  docker(text: string): Record<string, string> | null {
    const values: Record<string, string> = {};
    for (const line of text.replace(/^\uFEFF/, "").split(/\r?\n/)) {
      const kept = line.trimStart();
      if (kept === "" || kept.startsWith("#")) continue;
      const [name = "", ...value] = kept.split("=");
      if (/\s/.test(name) || name === "") return null;
      if (value.length > 0) values[name] = value.join("=");
    }
    return values;
  },
  sh(text: string): Record<string, string> | null {
    // A shell keeps the carriage return in every value, and runs what follows a blank as a command.
    if (text.includes("\r") || /=[ \t]+\S/.test(text)) return null;
    const { status, stdout } = spawnSync("sh", ["-c", 'set -ae; eval "$TEXT" >/dev/null; exec env -0'], {
      env: { TEXT: text, PATH: "/usr/bin:/bin" },
      encoding: "utf8",
    });
    if (status !== 0) return null;
    const pairs = stdout
      .split("\0")
      .map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]);
    return Object.fromEntries(pairs.filter(([name]) => name !== "TEXT" && name !== "_" && name !== ""));
  },
};

const pieces = fc.constantFrom(
  ...[
    "MCP_API_KEY",
    "A",
    "B",
    "MCP_API_KEY2",
    "export ",
    "=",
    "=",
    "=",
    ": ",
    ":",
    " ",
    "\t",
    "'",
    "'",
    '"',
    '"',
    "`",
    "\\",
    "#",
  ],
  ...[
    "\n",
    "\n",
    "\n",
    "\r\n",
    "old",
    "1",
    "$A",
    "it's",
    "x y",
    "\uFEFF",
    "MCP_API_KEY=old\n",
    "A='1'\n",
    'B="2"\n',
    "# c\n",
  ],
);
const texts = fc.array(pieces, { maxLength: 14 }).map((each) => each.join(""));

// It starts two shells for each file.
test("changes nothing but the variable, for every reader that can read the file", { timeout: 120_000 }, () => {
  let merged = 0;
  fc.assert(
    fc.property(texts, (text) => {
      let after: string;
      try {
        after = merge(text);
      } catch (fault) {
        expect(fault).toMatchObject({ code: "USAGE" });
        return;
      }
      merged++;
      for (const [reader, read] of Object.entries(readers)) {
        const seen = read(text);
        if (seen === null) continue;
        const { [NAME]: value, ...others } = read(after) ?? {};
        const { [NAME]: _, ...expected } = seen;
        expect(others, reader).toEqual(expected);
        if (reader !== "docker") expect(value, reader).toBe("new");
        // Docker keeps quotes and comments, as it did before.
        else expect(value).toContain("new");
      }
    }),
    { numRuns: RUNS.some },
  );
  expect(merged).toBeGreaterThan(RUNS.some / 20);
});
