import fc from "fast-check";
import { parse as parseToml } from "smol-toml";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { SCANNER_NAMES, type ScannerName } from "../../src/clients/names.ts";
import { scannerRules } from "../../src/clients/scanner-rules.ts";
import { BASE62, formatToken } from "../../src/core/token.ts";
import { createCli } from "../cli/fake-world.ts";

/** Reads a rule as its scanner does, refuses members that its documentation does not name, and returns the regular expression. */
const readers: Readonly<Record<ScannerName, (text: string) => string>> = {
  gitleaks: (text) => {
    const rule = z.strictObject({
      ...{ id: z.string().regex(/^[a-z0-9-]+$/), description: z.string(), regex: z.string() },
      keywords: z.tuple([z.string().regex(/^[a-z0-9_]+$/)]),
    });
    const extend = z.strictObject({ useDefault: z.literal(true) });
    const { rules } = z.strictObject({ extend, rules: z.tuple([rule]) }).parse(parseToml(text));
    const [{ regex, keywords }] = rules;
    // The rule runs only where the keyword is.
    expect(regex.startsWith(keywords[0])).toBe(true);
    return regex;
  },
  secretlint: (text) => {
    const pattern = z.strictObject({ name: z.string(), patterns: z.tuple([z.string()]) });
    const options = z.strictObject({ patterns: z.tuple([pattern]) });
    const rule = z.strictObject({ id: z.literal("@secretlint/secretlint-rule-pattern"), options });
    const { rules } = z.strictObject({ rules: z.tuple([rule]) }).parse(JSON.parse(text));
    return /^\/(.*)\/$/.exec(rules[0].options.patterns[0].patterns[0])?.[1] ?? "";
  },
  "github-custom-pattern": (text) => {
    const fields = Object.fromEntries(
      text
        .trimEnd()
        .split("\n")
        .map((line) => line.split(/: (.*)/)),
    );
    const { secret, before, after, sample } = z
      .strictObject({
        ...{ "Pattern name": z.string(), "Secret format": z.string(), "Test string": z.string() },
        ...{ "Before secret": z.literal("\\A|[^0-9A-Za-z]"), "After secret": z.literal("\\z|[^0-9A-Za-z]") },
      })
      .transform((all) => ({
        secret: all["Secret format"],
        before: all["Before secret"].replace("\\A", "^"),
        after: all["After secret"].replace("\\z", "$"),
        sample: all["Test string"],
      }))
      .parse(fields);
    const regex = `(?:${before})${secret}(?:${after})`;
    expect(new RegExp(regex).test(sample)).toBe(true);
    return regex;
  },
};

const PREFIX = "acme_live";
const base62 = (length: number) =>
  fc.string({ unit: fc.constantFrom(...BASE62), minLength: length, maxLength: length });
const aToken = fc.record({ prefix: fc.constant(PREFIX), id: base62(12), secret: base62(43) });
const TOKEN = formatToken({ prefix: PREFIX, id: "7Fq2x9Lm0aBc", secret: "aB3".repeat(14) + "x" }).reveal();

describe.each(SCANNER_NAMES)("the rule for %s", (name) => {
  const text = scannerRules[name](PREFIX);
  const regex = readers[name](text);

  test("finds every token with the prefix", () => {
    fc.assert(
      fc.property(
        aToken.map((parts) => formatToken(parts).reveal()),
        fc.constantFrom("", "key=", '{"k":"', "Bearer ", "x_"),
        fc.constantFrom("", '"', "\n", " and", "\\n"),
        (token, before, after) => {
          expect(new RegExp(regex).exec(before + token + after)?.[0]).toContain(token);
        },
      ),
    );
  });

  test.each([
    ["a lost character", TOKEN.slice(0, -1)],
    ["an added character", `${TOKEN}a`],
    ["a longer id", TOKEN.replace("7Fq2x9Lm0aBc", "7Fq2x9Lm0aBcD")],
    ["another separator", TOKEN.replace(/_(?=[^_]*$)/, "-")],
    ["a character outside the alphabet", `${TOKEN.slice(0, -1)}-`],
    ["another prefix", TOKEN.replace(PREFIX, "acme_test")],
    ["another case", TOKEN.toUpperCase()],
  ])("ignores a token with %s", (_, wrong) => {
    expect(new RegExp(regex).test(`key=${wrong}\n`)).toBe(false);
  });

  test("uses only syntax that RE2 and Hyperscan know", () => {
    const known = /^(?:[a-z0-9_]|\[\^?[0-9A-Za-z-]+\]|\{\d+\}|\\b|\^|\$|\||\(\?:|\))+$/;
    expect(regex).toMatch(known);
    expect(regex).not.toMatch(/\(\?[=!<]|\\\d/);
  });

  test("is printed by export --for, for the prefix mcp by default", async () => {
    const { cli } = createCli();
    expect(await cli(`export --for ${name} --prefix ${PREFIX}`)).toEqual({ status: 0, stdout: text, stderr: "" });
    expect((await cli(`export --for ${name}`)).stdout).toBe(scannerRules[name]("mcp"));
    const asJson = await cli(`export --for ${name} --json`);
    expect(JSON.parse(asJson.stdout)).toEqual({ schemaVersion: 1, client: name, text: scannerRules[name]("mcp") });
  });
});

test.each([
  ["export --for gitleaks --url https://mcp.example.com/mcp", "--url has no effect with --for gitleaks"],
  ["export --for secretlint --install", "--install has no effect with --for secretlint"],
  ["export --for gitleaks --env-name KEY", "--env-name has no effect"],
  ["export --for gitleaks ci", "the name of a key has no effect"],
  ["export --for cursor --url https://mcp.example.com/mcp --prefix acme", "--prefix has no effect with --for"],
  ["export --prefix acme", "--prefix"],
  ["export --for gitleaks --prefix A.*", "is not a valid prefix"],
])("`%s` is refused", async (line, message) => {
  const { cli } = createCli();
  const ran = await cli(line);
  expect(ran).toMatchObject({ status: 2, stdout: "" });
  expect(ran.stderr).toContain(message);
});
