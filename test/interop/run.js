// `npm run test:interop`: installs servers and clients by others, which `npm test` does not need, and tests against them.
// To run the tests again: npx vitest run --config test/interop/vitest.config.ts
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");
const EIGHT_MINUTES = 480_000;

const npm = process.env["npm_execpath"];
if (npm === undefined) stop("start it with: npm run test:interop");
if (!succeeds(npm, ["ci", "--prefix", import.meta.dirname]))
  stop("its packages could not be installed: is the package registry reachable?");

const vitest = join(root, "node_modules/vitest/vitest.mjs");
const config = join(import.meta.dirname, "vitest.config.ts");
process.exitCode = succeeds(vitest, ["run", "--config", config]) ? 0 : 1;

/** @param {string} program @param {string[]} args */
function succeeds(program, args) {
  const { status } = spawnSync(process.execPath, [program, ...args], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    timeout: EIGHT_MINUTES,
    killSignal: "SIGKILL",
  });
  return status === 0;
}

/** @param {string} why @returns {never} */
function stop(why) {
  console.error(`interop: not run: ${why}`);
  process.exit(1);
}
