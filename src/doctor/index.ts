import { apiKey } from "./diagnostics/api-key.ts";
import { clock } from "./diagnostics/clock.ts";
import { files } from "./diagnostics/files.ts";
import { history } from "./diagnostics/history.ts";
import { keychain } from "./diagnostics/keychain.ts";
import { leftovers } from "./diagnostics/leftovers.ts";
import { node } from "./diagnostics/node.ts";
import { pending } from "./diagnostics/pending.ts";
import { pepper } from "./diagnostics/pepper.ts";
import { postgres } from "./diagnostics/postgres.ts";
import { serverKeys } from "./diagnostics/server-keys.ts";
import { storeVariable } from "./diagnostics/store-variable.ts";
import { store } from "./diagnostics/store.ts";
import { weakTokens } from "./diagnostics/weak-tokens.ts";
import type { Diagnostic } from "./diagnostic.ts";

/** Every diagnostic, by the id of its findings and in the order of the report. */
export const diagnostics = {
  node,
  clock,
  "store-variable": storeVariable,
  store,
  files,
  history,
  keychain,
  postgres,
  pepper,
  leftovers,
  pending,
  "weak-tokens": weakTokens,
  "api-key": apiKey,
  "server-keys": serverKeys,
} satisfies Record<string, Diagnostic>;
