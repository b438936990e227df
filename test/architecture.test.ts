import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { LAYERS, medianLines, strays } from "./layers.ts";

const SRC = join(import.meta.dirname, "../src");
const source = new Map(
  readdirSync(SRC, { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => path.endsWith(".ts"))
    .map((path) => [path, readFileSync(join(SRC, path), "utf8")] as const),
);

test("each file imports only what its layer may, and reads neither clock nor process", () => {
  expect(strays(source)).toEqual([]);
});

test("the file in the middle is short", () => {
  const { lines, limit } = medianLines(source);
  expect(lines).toBeLessThanOrEqual(limit);
});

test("no layer is named that is not there", () => {
  const empty = Object.keys(LAYERS).filter(
    (name) => !LAYERS[name]!.holds.every((held) => [...source.keys()].some((path) => path.startsWith(held))),
  );
  expect(empty).toEqual([]);
});

describe("the rules are seen to fail", () => {
  const plant = (files: Record<string, string>) => strays(new Map(Object.entries(files)));
  const file = (path: string) => ({ [path]: "export {};" });

  test.each([
    [
      "a built-in",
      { "core/a.ts": `import { readFile } from "node:fs";` },
      "core/a.ts imports node:fs, which core may not",
    ],
    ["an upper layer", { "core/a.ts": `import { b } from "../keys.ts";`, ...file("keys/keys.ts") }, "imports keys.ts"],
    [
      "a type of it",
      { "core/a.ts": `import type { b } from "../keys.ts";`, ...file("keys/keys.ts") },
      "even as a type",
    ],
    ["a type inline", { "core/a.ts": `type B = import("../keys.ts").B;`, ...file("keys/keys.ts") }, "even as a type"],
    ["on first use", { "core/a.ts": `await import("../keys.ts");`, ...file("keys/keys.ts") }, "even on first use"],
    ["a re-export", { "core/a.ts": `export { b } from "../keys.ts";`, ...file("keys/keys.ts") }, "imports keys.ts"],
    ["a bare import", { "core/a.ts": `import "node:fs";` }, "imports node:fs"],
    ["a hidden name", { "core/a.ts": "await import(`node:${x}`);" }, "imports what is not written out"],
    ["a package", { "probe/a.ts": `import { Command } from "commander";` }, "imports commander, which probe may not"],
    [
      "a store's value",
      { "keys/keys.ts": `import { open } from "./stores/store.ts";`, ...file("stores/store.ts") },
      "which keys may not",
    ],
    ["an optional package", { "stores/a.ts": `import { k } from "keytar";` }, "imports keytar, which stores may not"],
    ["the cli", { "index.ts": `import { run } from "./cli/run.ts";`, ...file("cli/run.ts") }, "which index may not"],
    ["a lost file", { "core/a.ts": `import { b } from "./b.js";` }, "imports ./b.js, which is no file here"],
    ["chalk elsewhere", { "cli/a.ts": `import { Chalk } from "chalk";` }, "imports chalk beside cli/render.ts"],
    [
      "prompts early",
      { "cli/a.ts": `import { ask } from "./ask.ts";`, ...file("cli/terminal/ask.ts") },
      "before it is needed",
    ],
    [
      "a driver's inside",
      { "stores/a.ts": `import { b } from "./journal/b.ts";`, ...file("stores/journal/b.ts") },
      "looks into stores/journal/",
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
      "its registry",
      { "formats/index.ts": `import { a } from "./a.ts";`, "formats/a.ts": `import { b } from "./index.ts";` },
      "formats/a.ts imports its sibling formats/index.ts",
    ],
    [
      "a circle",
      { "core/a.ts": `import { b } from "./b.ts";`, "core/b.ts": `import { a } from "./a.ts";` },
      "core/a.ts → core/b.ts → core/a.ts is a circle",
    ],
    ["no layer", file("other/a.ts"), "other/a.ts stands in no layer"],
    ["process", { "core/a.ts": "export const a = process.env;" }, "core/a.ts says process"],
    ["process taken apart", { "core/a.ts": "export const { env } = process;" }, "core/a.ts says process"],
    ["process by import", { "stores/a.ts": `import { env } from "node:process";` }, "says node:process"],
    ["process by globalThis", { "core/a.ts": "export const a = globalThis.process;" }, "says globalThis.process"],
    ["console", { "server/a.ts": `console.log("a");` }, "server/a.ts says console"],
    ["Date.now", { "keys/a.ts": "export const a = Date.now();" }, "says Date.now"],
    ["Date.now passed on", { "keys/a.ts": "export const a = { now: Date.now };" }, "says Date.now"],
    ["a date of now", { "keys/a.ts": "export const a = new Date();" }, "says new Date()"],
    ["Math.random", { "stores/a.ts": "export const a = Math.random();" }, "says Math.random"],
    ["performance.now", { "probe/a.ts": "export const a = performance.now();" }, "says performance.now"],
    ["a default export", { "core/a.ts": "export default 1;" }, "has a default export"],
    ["a default function", { "core/a.ts": "export default function f() {}" }, "has a default export"],
    ["export *", { "core/a.ts": `export * from "./b.ts";`, ...file("core/b.ts") }, "has an export of everything"],
    [
      "export * as",
      { "core/a.ts": `export * as b from "./b.ts";`, ...file("core/b.ts") },
      "has an export of everything",
    ],
    ["utils", file("core/utils.ts"), "is named after no thing"],
    ["a folder of helpers", file("cli/helpers/a.ts"), "is named after no thing"],
    ["camelCase", file("core/parseToken.ts"), "is not named in kebab-case"],
    ["251 lines", { "core/a.ts": "\n".repeat(251) }, "has more than 250 lines"],
  ])("by %s", (_, files, complaint) => {
    expect(plant(files).join("\n")).toContain(complaint);
  });

  test("and let pass what is allowed", () => {
    expect(
      plant({
        "core/a.ts": `// process.env, Date.now() and console.log are for others\nimport { createHash } from "node:crypto";`,
        "keys/keys.ts": `import type { KeyStore } from "./stores/store.ts"; import { a } from "./core/a.ts";`,
        "stores/store.ts": `import { type Key } from "../core/a.ts"; export const a = { process: "process.env" };`,
        "stores/keychain.ts": `import { open } from "./journal/a.ts"; await import("keytar"); switch (1) { default: }`,
        "stores/journal/a.ts": `import { open } from "node:fs/promises"; export const a = new Date(0);`,
        "cli/main.ts": `console.log(process.argv, Date.now(), Math.random()); await import("./ask.ts");`,
        "cli/terminal/ask.ts": `import { input } from "@inquirer/prompts";`,
        "core/b.ts": "\n".repeat(250),
      }),
    ).toEqual([]);
  });

  test("a long file in the middle", () => {
    expect(
      medianLines(
        new Map([
          ["a", "\n"],
          ["b", "\n".repeat(81)],
          ["c", "\n".repeat(100)],
        ]),
      ),
    ).toEqual({ lines: 81, limit: 80 });
  });
});
