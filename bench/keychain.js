/**
 * What `generate` and `check` cost above a bare `node -e 0` in a file and in the keychain of a Linux desktop, by both engines.
 * A keychain is asked by a process of its own, which is a second start of node.
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
  console.log("\nKeychain against file: left out, there is no gnome-keyring-daemon on a D-Bus here");
else await compare(service.env).finally(service.close);
rmSync(dir, { recursive: true });

async function compare(env) {
  const cases = [{ name: "node -e 0", run: () => timed(["-e", "0"], env) }];
  for (const store of stores) {
    const of = { ...env, MCP_KEYS_STORE: store };
    const name = store.replace(/(?<=^file:).*/, "");
    const first = spawnSync(process.execPath, [BIN, "generate", "ci"], { env: of, encoding: "utf8" });
    if (first.status !== 0) {
      console.log(`\n${name} is left out: ${first.stderr.trim()}`);
      continue;
    }
    let issued = 0;
    cases.push({ name: `generate ${name}`, run: () => timed([BIN, "generate", `new-${issued++}`], of) });
    cases.push({ name: `check ${name}`, run: () => timed([BIN, "check"], of, first.stdout) });
  }
  const series = await interleave(cases, ROUNDS);
  const base = series.get("node -e 0");
  printTable(
    `Keychain and file against bare node, without extra certificates, one interleaved run of ${ROUNDS} rounds`,
    ["command", "ms median", "ms least", "ms above node", "times node", "least by least"],
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
