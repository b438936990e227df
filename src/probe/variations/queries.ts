import type { Variation } from "../mcp/variation.ts";
import { queryVariations, withValues } from "./headers.ts";

const FLAGS = [
  ...["debug", "test", "testing", "dev", "admin", "internal", "local", "trusted", "public", "preview", "demo", "trace"],
  ...["skip_auth", "skipAuth", "noauth", "no_auth", "bypass", "disable_auth", "unsafe", "insecure", "health", "guest"],
  ...["anonymous", "authenticated", "authorized", "sudo", "root", "superuser", "force", "dry_run", "verbose", "mock"],
];
/** Parameters that name something, with a value that may be let through. */
const NAMED = {
  auth: ["none", "off", "0", "false"],
  mode: ["debug", "test", "dev", "internal"],
  env: ["dev", "test", "local", "development"],
  role: ["admin", "internal", "system"],
  user: ["admin", "root", "1"],
  source: ["internal", "health", "localhost"],
  client: ["internal", "inspector", "admin"],
  format: ["html", "css", "js"],
};

/** A parameter that no server knows. */
export const UNKNOWN_QUERY: Variation = { name: "the query mcp-keys=1", query: "mcp-keys=1" };

/** Parameters of the query that a developer may have left in to pass the guard. The last one makes the URL end like that of a file. */
export const QUERY_FLAGS: readonly Variation[] = queryVariations({
  ...withValues(Object.fromEntries(FLAGS.map((name) => [name, []])), ["1", "true", "", "yes"]),
  ...NAMED,
  next: ["/health"],
  v: [".css", ".js", ".png", "/favicon.ico"],
});
