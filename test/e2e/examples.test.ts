import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { EXAMPLES, testExample } from "./example.ts";

const folders = readdirSync(EXAMPLES, { withFileTypes: true }).filter((entry) => entry.isDirectory());
/** `ci` has no server; `test-command.test.ts` runs it. */
const names = folders.map(({ name }) => name).filter((name) => name !== "ci");

/** These need more setup and have their own test files. */
const OTHERS = ["fleet", "https", "python", "stdio"];

test("each example has a row in examples/README.md", () => {
  const table = readFileSync(`${EXAMPLES}README.md`, "utf8");
  const rows = [...table.matchAll(/^\| \[`([^`]+)`\]\(([^)]+)\)/gm)].map(([, name, link]) => [name, link]);
  expect(rows.sort()).toEqual(names.map((name) => [name, `${name}/`]).sort());
});

test.each(names.filter((name) => !OTHERS.includes(name)))(
  "%s: the server accepts the client's key, also a rotated one, and refuses everyone else",
  (name) => testExample(name),
);
