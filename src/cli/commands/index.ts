import type { CommandModule } from "../context.ts";
import { audit } from "./audit.ts";
import { check } from "./check.ts";
import { doctor } from "./doctor.ts";
import { completion } from "./completion.ts";
import { disable, enable } from "./disable.ts";
import { exportSnippet } from "./export.ts";
import { generate } from "./generate.ts";
import { importKeys } from "./import.ts";
import { init } from "./init.ts";
import { list } from "./list.ts";
import { revoke } from "./revoke.ts";
import { rotate } from "./rotate.ts";
import { scanCommand } from "./scan.ts";
import { servers } from "./servers.ts";
import { show } from "./show.ts";
import { store } from "./store.ts";
import { test } from "./test.ts";
import { update } from "./update.ts";
import { uses } from "./uses.ts";
import { verify } from "./verify.ts";

/**
 * All commands, in the order of `--help`. To add one: a file in this folder, a line here, a section in `docs/cli.md` and a row
 * in the table of README.md. The tests run its examples.
 */
export const commands = {
  init,
  generate,
  import: importKeys,
  list,
  show,
  update,
  rotate,
  revoke,
  disable,
  enable,
  check,
  verify,
  test,
  export: exportSnippet,
  audit,
  uses,
  servers,
  store,
  scan: scanCommand,
  doctor,
  completion,
} satisfies Record<string, CommandModule>;
