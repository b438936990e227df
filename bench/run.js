/**
 * Runs every benchmark, one after the other, and prints the results. No result fails the run. Packages to compare with are
 * installed into `bench/peers` first; without them, those comparisons are skipped.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const helpers = ["run.js", "figures.js", "load.js", "peers.js", "process.js", "secret-service.js", "serve.js"];

if (!existsSync(`${here}peers/node_modules`)) {
  console.log("installing bench/peers (takes a few minutes)");
  const { status } = spawnSync("npm", ["ci"], { cwd: `${here}peers`, stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) console.log("bench/peers could not be installed; comparisons are skipped");
}
for (const file of readdirSync(here).filter((name) => name.endsWith(".js") && !helpers.includes(name))) {
  const flags = ["--expose-gc", "--max-old-space-size=4096"];
  spawnSync(process.execPath, [...flags, `${here}${file}`], { stdio: "inherit" });
}
