import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { EXAMPLES, proveExample } from "./example.ts";

const folders = readdirSync(EXAMPLES, { withFileTypes: true }).filter((entry) => entry.isDirectory());
/** The lines for CI are no server, see `test/e2e/` for what runs them. */
const names = folders.map(({ name }) => name).filter((name) => name !== "ci");

/** These have test files of their own, since they need more than a server and its URL. */
const OTHERS = ["https", "python", "stdio"];

test("each example has its row in examples/README.md", () => {
  const table = readFileSync(`${EXAMPLES}README.md`, "utf8");
  const rows = [...table.matchAll(/^\| \[`([^`]+)`\]\(([^)]+)\)/gm)].map(([, name, link]) => [name, link]);
  expect(rows.sort()).toEqual(names.map((name) => [name, `${name}/`]).sort());
});

test.each(names.filter((name) => !OTHERS.includes(name)))(
  "%s: the client proves that the server lets in its key, rotated or not, and nobody else",
  (name) => proveExample(name),
);
