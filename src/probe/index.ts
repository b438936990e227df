import type { Check } from "./check.ts";
import { letsKeyIn } from "./checks/lets-key-in.ts";
import { reachable } from "./checks/reachable.ts";
import { refusesBogusKey } from "./checks/refuses-bogus-key.ts";
import { refusesNoKey } from "./checks/refuses-no-key.ts";

/**
 * Every check of a server over HTTP, in running order: by group, in the order of `GROUPS`. To add one: its file in `checks/`
 * and a line here; `test/probe/checks.test.ts` then asks for a server with the mistake it is named for.
 */
export const CHECKS: readonly Check[] = [reachable, letsKeyIn, refusesNoKey, refusesBogusKey];
