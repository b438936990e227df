import type { Check } from "../check.ts";
import { hidesKeyInOutput } from "./checks/hides-key-in-output.ts";
import { requiresKey } from "./checks/requires-key.ts";
import { rejectsWrongKey } from "./checks/rejects-wrong-key.ts";
import { reportsRefusal } from "./checks/reports-refusal.ts";
import { acceptsValidKey } from "./checks/accepts-valid-key.ts";
import type { StdioTarget } from "./target.ts";

/**
 * All checks of programs over stdio, in running order. To add one, write its file in `checks/` and add a line here.
 * `test/probe/stdio/checks.test.ts` then requires a program with the mistake it is named for.
 */
export const STDIO_CHECKS: readonly Check<StdioTarget>[] = [
  acceptsValidKey,
  requiresKey,
  rejectsWrongKey,
  hidesKeyInOutput,
  reportsRefusal,
];
