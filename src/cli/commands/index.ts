import type { CommandEntry } from "../context.ts";

/**
 * All commands, in the order of `--help`. A run loads only the command that it needs. To add one: a file in this folder, an entry
 * here, a section in `docs/cli.md` and a row in the table of README.md. The tests run its examples.
 */
export const commands = {
  init: {
    operands: "[folder]",
    summary: "set up a server: its guard, the first key, and a client",
    load: async () => (await import("./init.ts")).init,
  },
  generate: {
    operands: "[name]",
    summary: "issue a key and print its token",
    load: async () => (await import("./generate.ts")).generate,
  },
  import: {
    operands: "[name]",
    summary: "import a token that clients already have, or digests",
    load: async () => (await import("./import.ts")).importKeys,
  },
  list: {
    operands: "",
    summary: "list the keys, newest first",
    load: async () => (await import("./list.ts")).list,
  },
  show: {
    operands: "<key>",
    summary: "show a key and its versions",
    load: async () => (await import("./show.ts")).show,
  },
  update: {
    operands: "<key>",
    summary: "change the settings of a key",
    load: async () => (await import("./update.ts")).update,
  },
  rotate: {
    operands: "[key]",
    summary: "replace the token of a key; the old token keeps working for a while",
    load: async () => (await import("./rotate.ts")).rotate,
  },
  revoke: {
    operands: "[key]",
    summary: "revoke a key at once and permanently",
    load: async () => (await import("./revoke.ts")).revoke,
  },
  disable: {
    operands: "<key>",
    summary: "refuse a key until you enable it again",
    load: async () => (await import("./disable.ts")).disable,
  },
  enable: {
    operands: "<key>",
    summary: "accept a disabled key again",
    load: async () => (await import("./disable.ts")).enable,
  },
  check: {
    operands: "",
    summary: "check whether a token is valid in your store",
    load: async () => (await import("./check.ts")).check,
  },
  verify: {
    operands: "<url>",
    summary: "check that a server accepts your token and refuses everything else",
    load: async () => (await import("./verify.ts")).verify,
  },
  test: {
    operands: "[target...]",
    summary: "try to get into a server without a valid key, and explain how to fix what gets in",
    load: async () => (await import("./test.ts")).test,
  },
  export: {
    operands: "[key...]",
    summary: "write a token as a snippet, digests for a server without a store, or a client's configuration",
    load: async () => (await import("./export.ts")).exportSnippet,
  },
  audit: {
    operands: "",
    summary: "show the history: what changed, when and who did it",
    load: async () => (await import("./audit.ts")).audit,
  },
  uses: {
    operands: "",
    summary: "show which servers saw which tokens, and when",
    load: async () => (await import("./uses.ts")).uses,
  },
  servers: {
    operands: "",
    summary: "list the servers that follow the store",
    load: async () => (await import("./servers.ts")).servers,
  },
  store: {
    operands: "",
    summary: "show which store is in use, and why",
    load: async () => (await import("./store.ts")).store,
  },
  scan: {
    operands: "[path...]",
    summary: "find leaked tokens in files and git history",
    load: async () => (await import("./scan.ts")).scanCommand,
  },
  doctor: {
    operands: "",
    summary: "find problems with your setup, and how to fix them",
    load: async () => (await import("./doctor.ts")).doctor,
  },
  completion: {
    operands: "<shell>",
    summary: "complete commands, flags and key names in your shell",
    load: async () => (await import("./completion.ts")).completion,
  },
} satisfies Record<string, CommandEntry>;
