/**
 * Prints every benchmark, one after the other, so that none disturbs another. None of them gates anything. What they compare
 * with is installed into `bench/peers` first, unless it is there; without it they say what is left out.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const helpers = ["run.js", "figures.js", "load.js", "peers.js", "process.js", "secret-service.js", "serve.js"];

if (!existsSync(`${here}peers/node_modules`)) {
  console.log("installing bench/peers, which takes a few minutes");
  const { status } = spawnSync("npm", ["ci"], { cwd: `${here}peers`, stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) console.log("bench/peers could not be installed: what needs it is left out");
}
for (const file of readdirSync(here).filter((name) => name.endsWith(".js") && !helpers.includes(name))) {
  const flags = ["--expose-gc", "--max-old-space-size=4096"];
  spawnSync(process.execPath, [...flags, `${here}${file}`], { stdio: "inherit" });
}
