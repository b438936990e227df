/** Prints every benchmark, one after the other, so that none disturbs another. None of them gates anything. */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const own = ["run.js", "figures.js"];
for (const file of readdirSync(here).filter((name) => name.endsWith(".js") && !own.includes(name))) {
  spawnSync(process.execPath, ["--expose-gc", `${here}${file}`], { stdio: "inherit" });
}
