/**
 * Every error code, with the exit status of the CLI (`exit`), the HTTP status for a server (`http`) and the usual `hint`.
 * @example
 * ```ts
 * import { CODES, KeysError } from "mcp-keys";
 *
 * const exitStatusOf = (error: unknown): number => (error instanceof KeysError ? CODES[error.code].exit : 1);
 * ```
 */
export const CODES = {
  // To add one: a row here, and a section in docs/errors.md.
  BUG: { exit: 1, http: 500, hint: "this is a bug in mcp-keys; please report it with the command you ran" },
  USAGE: { exit: 2, http: 400, hint: "see the usage with: mcp-keys --help" },
  INPUT_REQUIRED: { exit: 2, http: 400, hint: "pass the missing value with its flag" },
  INSECURE_TRANSPORT: {
    exit: 2,
    http: 400,
    hint: "use https://, or pass --allow-http on a network that only you control",
  },
  TOKEN_WEAK: { exit: 2, http: 400, hint: "issue a random key with: mcp-keys generate" },
  TOKEN_UNUSABLE: { exit: 2, http: 400, hint: "pass the token alone: no quotes, no spaces, no `Bearer `" },
  TOKEN_MISPLACED: { exit: 2, http: 400, hint: "leave the token out; if others could see it, replace it" },
  REPORT_INVALID: {
    exit: 2,
    http: 400,
    hint: "copy the whole file that the server wrote; the option `uses` of createVerifier names it",
  },
  PEPPER_INVALID: { exit: 2, http: 500, hint: "set MCP_KEYS_PEPPER to <id>:<at least 32 characters>" },
  PEPPER_MISSING: {
    exit: 2,
    http: 503,
    hint: "add the pepper after the others: MCP_KEYS_PEPPER=<the current one>,<its id>:<its key>",
  },
  KEY_NOT_FOUND: { exit: 3, http: 404, hint: "list the keys with: mcp-keys list" },
  VERSION_NOT_FOUND: { exit: 3, http: 404, hint: "list its versions with: mcp-keys show <key>" },
  TOKEN_REFUSED: { exit: 4, http: 401, hint: "see the state of the key with: mcp-keys list" },
  TOKEN_TAKEN: { exit: 5, http: 409, hint: "see the key that has it with: mcp-keys list" },
  NAME_TAKEN: { exit: 5, http: 409, hint: "choose another name, or replace its secret with: mcp-keys rotate <key>" },
  KEY_NOT_ACTIVE: { exit: 5, http: 409, hint: "issue a new key with: mcp-keys generate" },
  ROTATION_UNPROVEN: {
    exit: 5,
    http: 409,
    hint: "wait until every client uses the new token, or override with --force",
  },
  REPORT_FOREIGN: {
    exit: 5,
    http: 409,
    hint: "choose the store that the keyset was exported from: mcp-keys uses import --store <spec>",
  },
  NO_ROTATION: { exit: 5, http: 409, hint: "start one with: mcp-keys rotate <key>" },
  WOULD_LOCK_OUT: { exit: 5, http: 409, hint: "add a new version first: mcp-keys rotate <key>" },
  OUTPUT_EXISTS: { exit: 5, http: 409, hint: "choose another file, or replace it with --force" },
  DELIVERY_FAILED: {
    exit: 5,
    http: 500,
    hint: "fix the destination and run the same command again; earlier tokens still work",
  },
  PUBLISH_FAILED: { exit: 5, http: 500, hint: "fix the command of --publish and run the same command again" },
  DEPLOY_FAILED: {
    exit: 5,
    http: 500,
    hint: "fix the command of --deploy and run the same command again; both tokens work until it succeeds",
  },
  DELIVERY_UNCERTAIN: { exit: 5, http: 500, hint: "run the same command again; both tokens work until it succeeds" },
  NOT_CONFIRMED: { exit: 5, http: 409, hint: "see which servers lag: mcp-keys servers" },
  POSITION_UNKNOWN: { exit: 5, http: 409, hint: "pass a position of the store that this server follows" },
  STORE_CONFLICT: { exit: 5, http: 409, hint: "another process changed the store first; run the command again" },
  CLOCK_BEHIND: { exit: 5, http: 409, hint: "set the clock and run the same command again" },
  STORE_READ_ONLY: { exit: 5, http: 409, hint: "select a writable store: --store file:<path>" },
  STORE_UNAVAILABLE: { exit: 6, http: 503, hint: "select an available store: --store file:<path>" },
  STORE_REWOUND: {
    exit: 6,
    http: 503,
    hint: "find out why the history went back, then accept it: mcp-keys store adopt",
  },
  STORE_BEHIND: { exit: 6, http: 503, hint: "this server has not applied the change yet; ask again" },
  STORE_LOCKED: { exit: 6, http: 503, hint: "unlock the keychain of your operating system and run the command again" },
  STORE_INSECURE: { exit: 6, http: 503, hint: "find out which file or folder other users can access: mcp-keys doctor" },
  STORE_DAMAGED: { exit: 6, http: 503, hint: "restore the file from a backup; nothing was changed" },
  OUTPUT_FAILED: {
    exit: 6,
    http: 500,
    hint: "free some space, or send standard output elsewhere, and run the same command again",
  },
  SCAN_INCOMPLETE: {
    exit: 6,
    http: 500,
    hint: "make these readable, or scan the readable paths only: mcp-keys scan <path>",
  },
  KEYSET_INVALID: { exit: 6, http: 503, hint: "write it again with: mcp-keys export --keyset" },
  SERVER_UNREACHABLE: { exit: 7, http: 502, hint: "check the URL and whether the server is running" },
  SERVER_NOT_MCP: { exit: 7, http: 502, hint: "check the path of the URL; many MCP servers use /mcp" },
  SERVER_UNPROTECTED: { exit: 8, http: 500, hint: "add a guard to the server first, see README.md" },
  INTERRUPTED: { exit: 130, http: 499, hint: "run the same command again to finish" },
} as const satisfies Record<string, { exit: number; http: number; hint: string }>;

/**
 * The code of a {@link KeysError}. Codes are stable; messages and hints are not.
 * @example
 * ```ts
 * import type { Code } from "mcp-keys";
 *
 * const canRetry = (code: Code): boolean => code === "STORE_CONFLICT" || code === "STORE_UNAVAILABLE";
 * ```
 */
export type Code = keyof typeof CODES;

/**
 * Every error that this package throws: what went wrong (`message`), its stable `code`, and how to fix it (`hint`). No member
 * contains a token.
 * @example
 * ```ts
 * import { createKeys, KeysError, openStore } from "mcp-keys";
 *
 * const keys = createKeys({ store: await openStore() });
 * try {
 *   await keys.disable("ci");
 * } catch (error) {
 *   if (!(error instanceof KeysError) || error.code !== "KEY_NOT_FOUND") throw error;
 *   console.error(error.message, error.hint);
 * }
 * ```
 */
export class KeysError extends Error {
  override readonly name = "KeysError";
  /** A key of {@link CODES}. */
  readonly code: Code;
  /** The next step. Default: the hint of the code. */
  readonly hint: string;

  constructor(code: Code, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.hint = options.hint ?? CODES[code].hint;
  }

  /** Returns the error for `--json` and HTTP bodies. Omits `cause`, which may contain a path, a connection string or a secret. */
  toJSON(): { code: Code; message: string; hint: string } {
    return { code: this.code, message: this.message, hint: this.hint };
  }
}
