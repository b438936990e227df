import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const FOLDERS = {
  HOME: "home",
  USERPROFILE: "home",
  APPDATA: "home/AppData/Roaming",
  LOCALAPPDATA: "home/AppData/Local",
  XDG_CONFIG_HOME: "config",
  XDG_DATA_HOME: "data",
  XDG_STATE_HOME: "state",
  XDG_CACHE_HOME: "cache",
  XDG_RUNTIME_DIR: "run",
};

/**
 * Gives the run and every process it starts a temporary home folder, and clears the developer's own settings: no test may read or
 * write a real key.
 */
export function setup(): () => void {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "mcp-keys-test-")));
  for (const name of Object.keys(process.env)) {
    if (/^MCP_(API_)?KEYS?(_|$)/.test(name) && name !== "MCP_KEYS_TORTURE") delete process.env[name];
  }
  delete process.env["FORCE_COLOR"];
  // The tests contact 127.0.0.1 only, and reading these certificates triples the start time of every process.
  delete process.env["NODE_EXTRA_CA_CERTS"];
  for (const [name, folder] of Object.entries(FOLDERS)) {
    process.env[name] = join(root, folder);
    mkdirSync(join(root, folder), { recursive: true, mode: 0o700 });
  }
  return () => rmSync(root, { recursive: true, force: true });
}
