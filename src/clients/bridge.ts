import { placeholder, type ConfigValue, type RemoteServer } from "./client.ts";

const PROGRAM = ["-y", "mcp-remote"];

/**
 * Returns the entry of a stdio server for a client that sends no headers: mcp-remote forwards to the URL and fills in the variable itself.
 * Such clients pass on few variables, so the entry sets it. There is no space in an argument, because npx on Windows splits there.
 * @see https://github.com/geelen/mcp-remote#custom-headers
 */
export function bridgeEntry({ url, envName }: RemoteServer): Record<string, ConfigValue> {
  return {
    command: "npx",
    args: [...bridgeArgs(url), "--header", "Authorization:${AUTH_HEADER}"],
    env: { AUTH_HEADER: `Bearer ${placeholder(envName)}` },
  };
}

/** Returns the same for a client that passes on its whole environment. */
export function inheritingBridgeEntry({ url, envName }: RemoteServer): Record<string, ConfigValue> {
  return { command: "npx", args: [...bridgeArgs(url), "--header", `Authorization: Bearer \${${envName}}`], env: {} };
}

/** mcp-remote itself refuses plain http beyond localhost. */
function bridgeArgs(url: string): string[] {
  return [...PROGRAM, url, ...(url.startsWith("http:") ? ["--allow-http"] : [])];
}
