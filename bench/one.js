/**
 * Runs one benchmark in a process of its own: `one.js <name> [--long]`. A benchmark exports `rows`, or prints its own table when it is
 * loaded. Rows go to `run.js`.
 */
import { parseArgs } from "node:util";

const { positionals, values } = parseArgs({ allowPositionals: true, options: { long: { type: "boolean" } } });
const { rows } = await import(new URL(`${positionals[0]}.js`, import.meta.url).href);
const { ROUNDS } = process.env;
const result = await rows?.({ long: values.long === true, rounds: ROUNDS === undefined ? undefined : Number(ROUNDS) });
if (result !== undefined) await new Promise((resolve) => process.send(result, resolve));
// SQLite and better-auth leave handles open.
process.exit();
