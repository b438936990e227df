import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createMachines, installScripts, type Adapt, type Machines } from "../e2e/machines.ts";
import type { Ended } from "../e2e/process.ts";

/** A token for the scripts to pass around. */
export const TOKEN = "mcp_7Fq2x9Lm0aBc_secret";

/** Keeps the arguments of each call in a file. Fails if one of them is `$FAIL`. */
const RECORDER = `
calls=$(ls "$WORLD/calls" | wc -l)
printf '%s\\0' "$@" >"$WORLD/calls/$calls"
case " $* " in *" \${FAIL:-nothing} "*) exit 5 ;; esac
case $1 in show) echo '{"key":{"versions":[{"n":2,"state":"current"}]}}' ;; esac`;

/** The scripts of one kind of server, with a `mcp-keys` that only records how it is called. */
export interface Pipeline extends Omit<Machines, "run"> {
  /** Runs a command in a shell on the machine of the store. */
  run(command: string, env?: Record<string, string | undefined>): Promise<Ended>;
  /** The arguments of each call of `mcp-keys` so far. */
  calls(): string[][];
}

/** Installs the scripts of a kind on machines that exist for this test only. */
export function createPipeline(kind: string, adapt?: Adapt, isCluster?: boolean): Pipeline {
  const machines = createMachines(RECORDER);
  const { world } = machines;
  const calls = join(world, "calls");
  for (const folder of [calls, join(world, "vault/mcp"), join(world, "restart")]) mkdirSync(folder);
  installScripts(world, kind, adapt, isCluster);
  const tokens = `MCP_API_KEYS=${TOKEN}\nOLD_TOKEN=${TOKEN}\n`;
  for (const [path, text] of [
    ["vault/mcp/ci", TOKEN],
    ["server/etc/mcp/tokens.env", tokens],
    ["server/var/lib/mcp/uses.json", ""],
    ["cluster/secret/mcp-client", TOKEN],
    ["cluster/secret/mcp-server", tokens],
    ["cluster/configmap/mcp-keyset", ""],
  ] as const) {
    writeFileSync(join(world, path), text);
  }
  return {
    ...machines,
    run: (command, env = {}) => machines.run("sh", ["-c", command], { env }),
    calls: () =>
      readdirSync(calls)
        .sort((a, b) => Number(a) - Number(b))
        .map((name) => readFileSync(join(calls, name), "utf8").split("\0").slice(0, -1)),
  };
}
