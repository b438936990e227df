import { apiKey } from "./examinations/api-key.ts";
import { clock } from "./examinations/clock.ts";
import { files } from "./examinations/files.ts";
import { history } from "./examinations/history.ts";
import { keychain } from "./examinations/keychain.ts";
import { leftovers } from "./examinations/leftovers.ts";
import { node } from "./examinations/node.ts";
import { pending } from "./examinations/pending.ts";
import { pepper } from "./examinations/pepper.ts";
import { serverKeys } from "./examinations/server-keys.ts";
import { storeVariable } from "./examinations/store-variable.ts";
import { store } from "./examinations/store.ts";
import type { Examination } from "./finding.ts";

/** Everything that `doctor` looks at, by the id of its findings and in their order. */
export const examinations = {
  node,
  clock,
  "store-variable": storeVariable,
  store,
  files,
  history,
  keychain,
  pepper,
  leftovers,
  pending,
  "api-key": apiKey,
  "server-keys": serverKeys,
} satisfies Record<string, Examination>;
