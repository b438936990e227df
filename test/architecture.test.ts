import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { findViolations, medianLines } from "./architecture.ts";
import { AMBIENT, ENTRIES, LAYERS, LIMITS, ON_FIRST_USE, PRIVATE, SIBLINGS, SOLE_USER } from "./layers.ts";

const SRC = join(import.meta.dirname, "../src");
const source = new Map(
  readdirSync(SRC, { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => path.endsWith(".ts"))
    .map((path) => [path, readFileSync(join(SRC, path), "utf8")] as const),
);

test("the source follows the layer table, without import cycles or shared type names", () => {
  expect(findViolations(source)).toEqual([]);
});

test("files are of a readable size, and there are not too many", () => {
  const median = medianLines(source);
  expect(median).toBeGreaterThanOrEqual(LIMITS.median.least);
  expect(median).toBeLessThanOrEqual(LIMITS.median.most);
  expect(source.size).toBeLessThanOrEqual(LIMITS.files);
});

test("the tables name only what exists", () => {
  const named = [
    ...Object.values(LAYERS).flatMap(({ holds }) => holds),
    ...Object.entries(SIBLINGS).flat(),
    ...Object.entries(PRIVATE).flatMap(([folder, users]) => [folder, ...users]),
    ...Object.values(SOLE_USER),
    ...ON_FIRST_USE,
    ...Object.keys(AMBIENT),
    ...ENTRIES,
  ];
  const exists = (name: string) =>
    [...source.keys()].some((path) => path === name || (name.endsWith("/") && path.startsWith(name)));
  expect(named.filter((name) => !exists(name))).toEqual([]);
});

describe("the rules catch", () => {
  const plant = (files: Record<string, string>) => findViolations(new Map(Object.entries(files)));
  const file = (path: string) => ({ [path]: "export {};" });

  test.each([
    [
      "a built-in",
      { "core/a.ts": `import { readFile } from "node:fs";` },
      "core/a.ts imports node:fs, which core may not",
    ],
    [
      "an upper layer",
      { "core/a.ts": `import { b } from "../keys/keys.ts";`, ...file("keys/keys.ts") },
      "imports keys/keys.ts",
    ],
    [
      "its type",
      { "core/a.ts": `import type { b } from "../keys/keys.ts";`, ...file("keys/keys.ts") },
      "even as a type",
    ],
    [
      "a type inline",
      { "core/a.ts": `type B = import("../keys/keys.ts").B;`, ...file("keys/keys.ts") },
      "even as a type",
    ],
    ["on first use", { "core/a.ts": `await import("../keys/keys.ts");`, ...file("keys/keys.ts") }, "even on first use"],
    [
      "a re-export",
      { "core/a.ts": `export { b } from "../keys/keys.ts";`, ...file("keys/keys.ts") },
      "imports keys/keys.ts",
    ],
    ["a bare import", { "core/a.ts": `import "node:fs";` }, "imports node:fs"],
    ["a computed name", { "core/a.ts": "await import(`node:${x}`);" }, "imports a computed name"],
    ["a package", { "probe/a.ts": `import { Command } from "commander";` }, "imports commander, which probe may not"],
    [
      "a store's value",
      { "keys/keys.ts": `import { open } from "../stores/store.ts";`, ...file("stores/store.ts") },
      "which keys may not",
    ],
    ["an optional package", { "stores/a.ts": `import { k } from "keytar";` }, "imports keytar, which stores may not"],
    ["the cli", { "index.ts": `import { run } from "./cli/run.ts";`, ...file("cli/run.ts") }, "which index may not"],
    ["a missing file", { "core/a.ts": `import { b } from "./b.js";` }, "imports ./b.js, which does not exist"],
    [
      "chalk elsewhere",
      { "cli/a.ts": `import { Chalk } from "chalk";` },
      "imports chalk, which only cli/terminal/colors.ts may",
    ],
    [
      "prompts early",
      { "cli/a.ts": `import { ask } from "./terminal/prompts.ts";`, ...file("cli/terminal/prompts.ts") },
      "before it is needed",
    ],
    [
      "a private folder",
      { "stores/a.ts": `import { b } from "./journal/b.ts";`, ...file("stores/journal/b.ts") },
      "imports from stores/journal/, which is private",
    ],
    [
      "a sibling",
      {
        "formats/index.ts": `import { a } from "./a.ts"; import { b } from "./b.ts";`,
        "formats/a.ts": `import { b } from "./b.ts";`,
        ...file("formats/b.ts"),
      },
      "formats/a.ts imports its sibling formats/b.ts",
    ],
    [
      "a sibling that loads on first use",
      {
        "cli/commands/index.ts": `const a = () => import("./a.ts"); const b = () => import("./b.ts");`,
        "cli/commands/a.ts": `import { b } from "./b.ts";`,
        ...file("cli/commands/b.ts"),
      },
      "cli/commands/a.ts imports its sibling cli/commands/b.ts",
    ],
    [
      "its registry",
      { "formats/index.ts": `import { a } from "./a.ts";`, "formats/a.ts": `import { b } from "./index.ts";` },
      "formats/a.ts imports its sibling formats/index.ts",
    ],
    [
      "an import cycle",
      { "core/a.ts": `import { b } from "./b.ts";`, "core/b.ts": `import { a } from "./a.ts";` },
      "core/a.ts → core/b.ts → core/a.ts is an import cycle",
    ],
    [
      "a cycle of types",
      { "core/a.ts": `import type { B } from "./b.ts";`, "core/b.ts": `import type { A } from "./a.ts";` },
      "core/a.ts → core/b.ts → core/a.ts is an import cycle",
    ],
    [
      "one type name for two things",
      { "core/a.ts": "export interface Answer {}", "keys/b.ts": "type Answer = string;" },
      "core/a.ts and keys/b.ts both declare a type Answer",
    ],
    ["a file outside every layer", file("other/a.ts"), "other/a.ts belongs to no layer"],
    ["process", { "core/a.ts": "export const a = process.env;" }, "core/a.ts uses process"],
    ["process destructured", { "core/a.ts": "export const { env } = process;" }, "core/a.ts uses process"],
    ["process imported", { "stores/a.ts": `import { env } from "node:process";` }, "uses node:process"],
    ["process through globalThis", { "core/a.ts": "export const a = globalThis.process;" }, "uses globalThis.process"],
    ["console", { "server/a.ts": `console.log("a");` }, "server/a.ts uses console"],
    ["Date.now", { "keys/a.ts": "export const a = Date.now();" }, "uses Date.now"],
    ["Date.now as a value", { "keys/a.ts": "export const a = { now: Date.now };" }, "uses Date.now"],
    ["new Date()", { "keys/a.ts": "export const a = new Date();" }, "uses new Date()"],
    ["Math.random", { "stores/a.ts": "export const a = Math.random();" }, "uses Math.random"],
    ["performance.now", { "probe/a.ts": "export const a = performance.now();" }, "uses performance.now"],
    ["a default export", { "core/a.ts": "export default 1;" }, "has a default export"],
    ["a default function", { "core/a.ts": "export default function f() {}" }, "has a default export"],
    ["export *", { "core/a.ts": `export * from "./b.ts";`, ...file("core/b.ts") }, "has an export of everything"],
    [
      "export * as",
      { "core/a.ts": `export * as b from "./b.ts";`, ...file("core/b.ts") },
      "has an export of everything",
    ],
    ["utils", file("core/utils.ts"), "is a catch-all"],
    ["a folder of helpers", file("cli/helpers/a.ts"), "is a catch-all"],
    ["camelCase", file("core/parseToken.ts"), "is not named in kebab-case"],
    ["251 lines", { "core/a.ts": "\n".repeat(251) }, "has more than 250 lines"],
  ])("%s", (_, files, complaint) => {
    expect(plant(files).join("\n")).toContain(complaint);
  });

  test("nothing that is allowed", () => {
    expect(
      plant({
        "core/a.ts": `// process.env, Date.now() and console.log are fine in a comment\nimport { createHash } from "node:crypto";`,
        "keys/keys.ts": `import type { KeyStore } from "../stores/store.ts"; import { a } from "../core/a.ts";`,
        "stores/store.ts": `import { type Key } from "../core/a.ts"; export const a = { process: "process.env" };`,
        "stores/keychain.ts": `import { open } from "./journal/a.ts"; await import("keytar"); switch (1) { default: }`,
        "stores/journal/a.ts": `import { open } from "node:fs/promises"; export const a = new Date(0);`,
        "cli/main.ts": `console.log(process.argv, Date.now(), Math.random()); await import("./terminal/prompts.ts");`,
        "cli/terminal/prompts.ts": `import { input } from "@inquirer/prompts";`,
        "core/b.ts": "\n".repeat(250),
      }),
    ).toEqual([]);
  });
});

test("the median leaves registry entries out", () => {
  const lines = (count: number) => "\n".repeat(count);
  const files = [
    ["core/a.ts", lines(1)],
    ["core/b.ts", lines(81)],
    ["core/c.ts", lines(100)],
    ["formats/a.ts", lines(5)],
  ] as const;
  expect(medianLines(new Map(files))).toBe(81);
});
