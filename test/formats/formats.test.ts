import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BASE62 } from "../../src/core/token.ts";
import { Secret } from "../../src/core/secret.ts";
import { KeysError } from "../../src/errors.ts";
import { formats, isFormatName, type FormatName } from "../../src/formats/index.ts";
import { base62, RUNS } from "../arbitraries.ts";
import { isThere, type Reader, type Snippet } from "./reader.ts";
import { readers } from "./readers.ts";

const names = Object.keys(formats) as FormatName[];
const OURS = "mcp_7Fq2x9Lm0aBc_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG3aUtUl";

/** Imported tokens, one for each kind of special character. */
const NASTY = [
  OURS,
  "sk-live.abc~def+ghi/jkl==",
  "it's",
  "'",
  "''",
  "'quoted'",
  `say "hi"`,
  `'"'"'`,
  "$HOME",
  "${HOME}",
  "$(id)",
  "`id`",
  "now!!",
  "!-1",
  "#first",
  "mid #dle",
  "last#",
  String.raw`back\slash`,
  String.raw`\n\t\0\'`,
  "trailing\\",
  "%PATH%",
  "100%",
  "%s%n",
  "~",
  "~root/x",
  "*",
  "[a-z]?",
  "{a,b}",
  "a;b|c&d<e>f(g)",
  "a=b=c",
  "=first",
  "-n",
  "-e",
  "::add-mask::x",
  "'#",
  "'##'#",
  " leading",
  "trailing ",
  "in the middle",
  "ünïcödé-ключ-鍵-🔑",
  "‘curly’",
  "‚low‛'",
  "null",
  "@here",
  "^caret^",
  "&anchor *alias",
  "- dash: colon, [flow]",
];

/** The characters that a format refuses. A format without an entry accepts all of them. */
const REFUSED: Partial<Record<FormatName, RegExp>> = {
  cmd: /["%!]|[^ -~]/,
  dotenv: /['\\$]/,
  docker: /^ | $/,
  "github-actions": /['%]|^ | $/,
};

function render(name: FormatName, token: string, envName = "MCP_API_KEY"): string {
  return formats[name].render({ token: new Secret(token), envName });
}

/** Renders each value with its own variable, to read them all in one run. */
function renderAll(name: FormatName, values: readonly string[]): Snippet[] {
  return values.map((value, i) => ({ envName: `V_${i}`, text: render(name, value, `V_${i}`) }));
}

const pairs = names.flatMap((name) =>
  Object.entries<Reader>(readers[name]).map(([who, reader]) => ({ name, who, reader })),
);

/** Random tokens, with characters that a header allows and many that it does not. */
const anyToken = fc.oneof(
  fc.string({
    unit: fc.constantFrom(...Array.from("'\"\\$`!#%~*?[]{}();&|<>=@^: -_aZ0")),
    minLength: 1,
    maxLength: 20,
  }),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }),
  fc.string({ unit: "binary", minLength: 1, maxLength: 20 }),
);

describe.each(pairs)("$name, read by $who", ({ name, reader }) => {
  test("reads back every token that the format accepts", async (ctx) => {
    if (reader.needs !== undefined && !(await isThere(reader.needs))) ctx.skip(`needs ${reader.needs}`);
    const refused = REFUSED[name] ?? /(?!)/;
    const random = fc.sample(anyToken, { numRuns: RUNS.some / 5, seed: 7 }).filter((token) => {
      return isAccepted(name, token);
    });
    const values = [...NASTY.filter((value) => !refused.test(value)), ...random];

    const found = await reader.read(renderAll(name, values));

    expect(values.map((_, i) => found[`V_${i}`])).toEqual(values);
  });
});

function isAccepted(name: FormatName, token: string): boolean {
  try {
    render(name, token);
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: "TOKEN_UNUSABLE" });
    return false;
  }
}

describe.each(names)("%s", (name) => {
  test("contains the token once and ends with one newline", () => {
    const token = fc.oneof(
      base62(20),
      fc.string({ unit: fc.constantFrom(...Array.from(`${BASE62}-._~+/=`)), minLength: 16, maxLength: 60 }),
    );
    fc.assert(
      fc.property(token, (text) => {
        const snippet = render(name, text);
        expect(snippet.split(text)).toHaveLength(2);
        expect(snippet).toMatch(/[^\n]\n$/);
        expect(snippet).not.toMatch(/^\s|[\0\r]/);
      }),
      { numRuns: RUNS.some / 10 },
    );
  });

  test("uses the given variable name", () => {
    expect(render(name, OURS, "MY_KEY_2").includes("MY_KEY_2")).toBe(name !== "token");
  });

  test.each(NASTY.filter((value) => REFUSED[name]?.test(value)))("refuses %j without repeating it", (value) => {
    const caught = failure(() => render(name, value));
    expect(caught).toMatchObject({ code: "TOKEN_UNUSABLE", hint: expect.stringContaining("another --format") });
    if (value.length > 1) expect(JSON.stringify(caught)).not.toContain(value);
  });

  test.each([
    ["an empty token", "", "empty"],
    ["a NUL character", "a\0b", "control"],
    ["a line feed", "a\nb", "line break"],
    ["a trailing line feed", "ab\n", "line break"],
    ["a carriage return", "a\rb", "line break"],
    ["a Unicode line separator", "a\u2028b", "line break"],
    ["a tab", "a\tb", "control"],
    ["an escape sequence", "a\u001b[2Jb", "control"],
    ["a delete character", "a\u007fb", "control"],
    ["a zero-width space", "a\u200bb", "invisible"],
    ["a byte order mark", "\ufeffab", "invisible"],
    ["a change of direction", "a\u202eb", "invisible"],
    ["half a surrogate pair", "a\ud83d", "invisible"],
  ])("refuses %s", (_, value, says) => {
    const caught = failure(() => render(name, value));
    expect(caught).toMatchObject({ code: "TOKEN_UNUSABLE", message: expect.stringContaining(says) });
  });

  test("has a one-line summary", () => {
    expect(formats[name].summary).toMatch(/^.{5,80}$/);
  });
});

function failure(run: () => unknown): KeysError | undefined {
  try {
    run();
  } catch (error) {
    if (error instanceof KeysError) return error;
    throw error;
  }
  return undefined;
}

test("isFormatName accepts only registered names", () => {
  expect(names.every(isFormatName)).toBe(true);
  expect(["", "Shell", "toString", "__proto__", "constructor"].some(isFormatName)).toBe(false);
});

test("every format renders as documented", () => {
  expect(names.map((name) => `--- ${name}\n${render(name, "TOKEN")}`).join("")).toMatchInlineSnapshot(`
    "--- token
    TOKEN
    --- shell
    export MCP_API_KEY='TOKEN'
    --- fish
    set -gx MCP_API_KEY 'TOKEN'
    --- powershell
    $env:MCP_API_KEY = 'TOKEN'
    --- cmd
    set "MCP_API_KEY=TOKEN"
    --- nushell
    $env.MCP_API_KEY = 'TOKEN'
    --- dotenv
    MCP_API_KEY='TOKEN'
    --- json
    {"MCP_API_KEY":"TOKEN"}
    --- docker
    MCP_API_KEY=TOKEN
    --- systemd
    # For EnvironmentFile= of a unit. LoadCredential= keeps the token out of the environment.
    MCP_API_KEY="TOKEN"
    --- kubernetes
    apiVersion: v1
    kind: Secret
    metadata:
      name: "mcp-api-key"
    type: Opaque
    stringData:
      "MCP_API_KEY": "TOKEN"
    --- github-actions
    # not for a file: eval "$(mcp-keys export --format github-actions)"
    MCP_API_KEY='
    ::add-mask::TOKEN
    '
    printf %s "$MCP_API_KEY"
    MCP_API_KEY="\${MCP_API_KEY#?::add-mask::}"
    export MCP_API_KEY="\${MCP_API_KEY%?}"
    printf 'MCP_API_KEY=%s\\n' "$MCP_API_KEY" >> "\${GITHUB_ENV:?is set in GitHub Actions only}"
    "
  `);
});
