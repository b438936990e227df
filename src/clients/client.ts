/** A value that JSON, YAML and TOML can all represent. */
export type ConfigValue =
  string | number | boolean | readonly ConfigValue[] | { readonly [name: string]: ConfigValue | undefined };

/** A server, as the configuration of a client names it. */
export interface RemoteServer {
  /** The URL of the server; it contains no secret and nothing that a client would expand. */
  readonly url: string;
  /** The name the client gives the server: letters, digits, `-` and `_`. */
  readonly serverName: string;
  /** The environment variable with the key, `[A-Za-z_][A-Za-z0-9_]*`. */
  readonly envName: string;
}

/** One thing to add to a configuration. */
export interface ConfigEntry {
  /** The names of the objects it is in, then its own name. With `by`, the last name is that of a list. */
  readonly path: readonly string[];
  /** In a list, the member that tells the items apart. */
  readonly by?: string;
  readonly value: ConfigValue;
  /** Whether other servers use it too: it is added if it is missing, and otherwise stays as it is. */
  readonly shared?: true;
}

/** Where the files of clients are. Names no real machine, so every path can be tested. */
export interface ConfigPlace {
  /** As `process.platform`. */
  readonly platform: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The home folder of the user. */
  readonly home: string;
}

/** How a file is written. JSON may have comments and trailing commas. */
export type ConfigSyntax = "json" | "yaml" | "toml";

/** The configuration of one client: where it is and what it says. It contains no token. */
export interface ClientFormat {
  /** The name of the client, in its own spelling. */
  readonly title: string;
  /** Where its maker documents the file. */
  readonly source: URL;
  readonly syntax: ConfigSyntax;
  /** What the configuration names apart from the URL. */
  readonly uses: readonly ("serverName" | "envName")[];
  /**
   * How the client gets the key: `variable`, it reads the environment variable; `prompt`, it asks and remembers; `placeholder`, it can do
   * neither, and the user replaces the placeholder in the file.
   */
  readonly key: "variable" | "prompt" | "placeholder";
  /** How the user gives the key to this client, if that differs. Lower case, no full stop. */
  readonly keyStep?: (envName: string) => string;
  /** The file of the user. Without it, the user names the file. */
  readonly userFile?: (place: ConfigPlace) => string;
  /** The file of a project, relative to its folder. */
  readonly projectFile?: (server: RemoteServer) => string;
  /** Returns what to add, in the order to add it. */
  entries(server: RemoteServer): readonly ConfigEntry[];
}

/** Returns what stands for the key in the file of a client that reads no variable. */
export function placeholder(envName: string): string {
  return `<${envName}>`;
}
