/**
 * Compares `generate` and `check` with a file and with the keychain of a Linux desktop, for both engines, to a bare `node -e 0`.
 * A child process asks the keychain, which is a second start of node.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { interleave, median, printTable } from "./figures.js";
import { timed } from "./process.js";
import { startSecretService } from "./secret-service.js";

const ROUNDS = Number(process.env.ROUNDS ?? 21);
const BIN = fileURLToPath(new URL("../bin/mcp-keys.js", import.meta.url));
const dir = mkdtempSync(join(tmpdir(), "mcp-keys-bench-"));
const { NODE_EXTRA_CA_CERTS: _, ...plain } = process.env;
const service = await startSecretService(dir, plain);
const stores = [`file:${join(dir, "keys.jsonl")}`, "keychain:", "keychain:keytar"];

if (service === null)
  console.log("\nKeychain and file: skipped, because it needs dbus-daemon, dbus-send and gnome-keyring-daemon");
else await compare(service.env).finally(service.close);
rmSync(dir, { recursive: true });

async function compare(env) {
  const cases = [{ name: "node -e 0", run: () => timed(["-e", "0"], env) }];
  for (const store of stores) {
    const storeEnv = { ...env, MCP_KEYS_STORE: store };
    const name = store.replace(/(?<=^file:).*/, "");
    const first = spawnSync(process.execPath, [BIN, "generate", "ci"], { env: storeEnv, encoding: "utf8" });
    if (first.status !== 0) {
      console.log(`\n${name} is skipped: ${first.stderr.trim()}`);
      continue;
    }
    let issued = 0;
    cases.push({ name: `generate ${name}`, run: () => timed([BIN, "generate", `new-${issued++}`], storeEnv) });
    cases.push({ name: `check ${name}`, run: () => timed([BIN, "check"], storeEnv, first.stdout) });
  }
  const series = await interleave(cases, ROUNDS);
  const base = series.get("node -e 0");
  printTable(
    `Keychain and file compared to bare node, without extra certificates, one interleaved run of ${ROUNDS} rounds`,
    ["command", "ms median", "ms min", "ms above node", "times node", "min by min"],
    cases.map(({ name }) => [
      name,
      median(series.get(name)).toFixed(1),
      Math.min(...series.get(name)).toFixed(1),
      median(series.get(name).map((ms, round) => ms - base[round])).toFixed(1),
      median(series.get(name).map((ms, round) => ms / base[round])).toFixed(2),
      (Math.min(...series.get(name)) / Math.min(...base)).toFixed(2),
    ]),
  );
}
