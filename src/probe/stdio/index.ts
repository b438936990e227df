import type { Check } from "../check.ts";
import { printsNoKey } from "./checks/prints-no-key.ts";
import { refusesNoKey } from "./checks/refuses-no-key.ts";
import { refusesWrongKey } from "./checks/refuses-wrong-key.ts";
import { saysNo } from "./checks/says-no.ts";
import { startsWithKey } from "./checks/starts-with-key.ts";
import type { StdioSite } from "./site.ts";

/**
 * Every check of a program over stdio, in running order. To add one: its file in `checks/` and a line here;
 * `test/probe/stdio/checks.test.ts` then asks for a program with the mistake it is named for.
 */
export const STDIO_CHECKS: readonly Check<StdioSite>[] = [
  startsWithKey,
  refusesNoKey,
  refusesWrongKey,
  printsNoKey,
  saysNo,
];
