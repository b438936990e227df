interface Layer {
  /** Files of `src`, or folders with a trailing slash. */
  readonly holds: readonly string[];
  /** Layers, files, packages and built-in modules; `node:*` means all of Node, `*` everything. */
  readonly may: readonly string[];
  /** Only with `import type`. */
  readonly asType?: readonly string[];
  /** Only with `import()`, on first use: heavy or optional packages. */
  readonly onFirstUse?: readonly string[];
}

/** The architecture: a layer may import itself and the modules listed here. `docs/architecture.md` gives the reasons. */
export const LAYERS: Readonly<Record<string, Layer>> = {
  errors: { holds: ["errors.ts"], may: [] },
  version: { holds: ["package-version.ts"], may: [] },
  core: { holds: ["core/"], may: ["errors", "node:crypto", "node:zlib"] },
  config: { holds: ["config.ts"], may: ["errors", "node:path"] },
  process: { holds: ["process/"], may: ["node:*"] },
  stores: {
    holds: ["stores/"],
    may: ["core", "errors", "process", "node:*"],
    onFirstUse: ["@napi-rs/keyring", "keytar", "pg"],
  },
  world: { holds: ["world.ts"], may: ["config", "core", "node:crypto", "node:os"], asType: ["stores/store.ts"] },
  keys: { holds: ["keys/"], may: ["core", "errors", "world", "nanoid"], asType: ["stores/store.ts"] },
  server: {
    holds: ["server/"],
    may: ["core", "errors", "keys", "version", "world", "node:crypto"],
    asType: ["stores/store.ts", "node:http", "node:stream"],
  },
  http: { holds: ["http/"], may: ["core", "errors", "node:*"] },
  // The contract of an exchange is pure; the client behind it is passed in.
  probe: { holds: ["probe/"], may: ["core", "errors", "http/http.ts"] },
  formats: { holds: ["formats/"], may: ["core", "errors"] },
  clients: {
    holds: ["clients/"],
    may: ["core", "errors", "node:path", "jsonc-parser", "smol-toml", "yaml"],
  },
  sinks: { holds: ["sinks/"], may: ["core", "errors", "process", "node:*"] },
  scan: { holds: ["scan/"], may: ["core", "errors", "process", "node:*"] },
  doctor: { holds: ["doctor/"], may: ["core", "errors", "keys", "stores"], asType: ["config"] },
  open: {
    holds: ["open-store.ts", "probe.ts"],
    may: ["config", "core", "http", "probe", "stores", "version", "world"],
  },
  cli: { holds: ["cli/"], may: ["*"] },
  testing: {
    holds: ["testing.ts", "testing/"],
    may: ["core", "node:assert/strict"],
    asType: ["stores/store.ts"],
  },
  index: {
    holds: ["index.ts"],
    may: ["core", "errors", "formats", "keys", "open", "probe", "server", "sinks", "stores", "version", "world"],
  },
};

/** Registry → the folder of its entries. Entries know the contract and not each other. */
export const SIBLINGS: Readonly<Record<string, string>> = {
  "stores/index.ts": "stores/",
  "formats/index.ts": "formats/",
  "clients/index.ts": "clients/",
  "sinks/index.ts": "sinks/",
  "probe/index.ts": "probe/checks/",
  "probe/stdio/index.ts": "probe/stdio/checks/",
  "cli/commands/index.ts": "cli/commands/",
  "doctor/index.ts": "doctor/diagnostics/",
};

/** Folder → the only files outside it that may import from it. */
export const PRIVATE: Readonly<Record<string, readonly string[]>> = {
  // The parsers load with them.
  "clients/edit/": ["cli/lazy/install.ts"],
  "stores/journal/": [
    "stores/archive.ts",
    "stores/file.ts",
    "stores/inspect-files.ts",
    "stores/keychain.ts",
    "stores/keychain/parts.ts",
    "stores/keychain/writer.ts",
    "stores/keyset.ts",
    "stores/keyset/keyset-file.ts",
    "stores/keyset/report-file.ts",
    // A change in a database is a line of a journal.
    "stores/postgres/records.ts",
  ],
};

/** Package → the only file that may import it. */
export const SOLE_USER: Readonly<Record<string, string>> = {
  chalk: "cli/terminal/colors.ts",
  "@inquirer/prompts": "cli/terminal/prompts.ts",
};

/** These cost more than the rest of a command, so they load on first use. */
export const ON_FIRST_USE = [
  "cli/run-command.ts",
  "cli/terminal/colors.ts",
  "cli/terminal/prompts.ts",
  "cli/lazy/clients.ts",
  "cli/lazy/completion.ts",
  "cli/lazy/doctor.ts",
  "cli/lazy/init.ts",
  "cli/lazy/install.ts",
  "cli/lazy/keys.ts",
  "cli/lazy/scan.ts",
  "cli/lazy/store.ts",
  "stores/postgres/open.ts",
];

/** File → the ambient values it may use: the process, the clock, randomness, the console. */
export const AMBIENT: Readonly<Record<string, readonly string[]>> = {
  "cli/main.ts": ["process", "console", "Date.now", "Math.random", "performance.now", "new Date()"],
  "world.ts": ["process", "Date.now", "performance.now"],
  "cli/start/start.ts": ["process", "Date.now"],
  // `node:os` says the same, but takes longer to load.
  "cli/terminal/open-output.ts": ["node:process"],
  // Signals a whole process group.
  "process/start-process.ts": ["node:process"],
  // Asks whether its parent still runs.
  "process/parent-ended.ts": ["node:process"],
  // Names its own process, and asks whether another one still runs.
  "process/process-mark.ts": ["node:process"],
  // Its clocks are those of the whole machine.
  "process/machine-clock.ts": ["node:process", "Date.now"],
  // A separate process, and its parent.
  "stores/keychain/child-program.ts": ["process"],
  "stores/keychain/child.ts": ["node:process"],
};

/** Folders of registry entries, which are short: they do not count towards the median. */
export const ENTRIES = [
  "probe/checks/",
  "probe/stdio/checks/",
  "formats/",
  "clients/",
  "cli/commands/",
  "doctor/diagnostics/",
] as const;

/** Lines of one source file, lines of the median file outside {@link ENTRIES}, and how many files there may be. */
export const LIMITS = { lines: 250, median: { least: 60, most: 100 }, files: 760 } as const;
