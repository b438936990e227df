import { posix, win32 } from "node:path";

type Env = Readonly<Record<string, string | undefined>>;

/** The settings of a CLI run. */
export interface Config {
  /** A store spec, for {@link parseStoreSpec}. */
  readonly store: string;
  /** Where the spec comes from: `--store`, `MCP_KEYS_STORE` or the default. */
  readonly chosenBy: "flag" | "variable" | "default";
}

export interface ConfigFlags {
  readonly store?: string | undefined;
}

/** Resolves the settings from flags, then environment, then defaults. */
export function resolveConfig(flags: ConfigFlags, env: Env): Config {
  if (flags.store !== undefined) return { store: flags.store, chosenBy: "flag" };
  const named = blankToUndefined(env["MCP_KEYS_STORE"]);
  return named === undefined ? { store: "file:", chosenBy: "default" } : { store: named, chosenBy: "variable" };
}

/**
 * Returns the user's data folder for mcp-keys, or `null` if the environment defines no home.
 * @see XDG Base Directory Specification: a relative XDG_DATA_HOME must be ignored
 */
export function resolveDataDir(env: Env, platform: string): string | null {
  if (platform === "win32") {
    const base = blankToUndefined(env["LOCALAPPDATA"]);
    return base === undefined ? null : win32.join(base, "mcp-keys");
  }
  const xdg = blankToUndefined(env["XDG_DATA_HOME"]);
  if (xdg !== undefined && posix.isAbsolute(xdg)) return posix.join(xdg, "mcp-keys");
  const home = blankToUndefined(env["HOME"]);
  if (home === undefined || !posix.isAbsolute(home)) return null;
  return platform === "darwin"
    ? posix.join(home, "Library", "Application Support", "mcp-keys")
    : posix.join(home, ".local", "share", "mcp-keys");
}

function blankToUndefined(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === "" ? undefined : text;
}
