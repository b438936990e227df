import childProcess from "node:child_process";
import { syncBuiltinESMExports } from "node:module";
import { expect } from "vitest";

const SMOKE = /[\\/]e2e[\\/]smoke\.test\.ts$/;
const { exec, execFile, execFileSync, execSync, fork, spawn, spawnSync } = childProcess;

/** Makes each way to start a process throw, except in the smoke test: a slow test has to be left out of `test:fast` by name. */
for (const [name, start] of Object.entries({ exec, execFile, execFileSync, execSync, fork, spawn, spawnSync })) {
  Object.defineProperty(childProcess, name, {
    value: (...args: unknown[]): unknown => {
      if (SMOKE.test(expect.getState().testPath ?? "")) return Reflect.apply(start, childProcess, args);
      throw new Error("test:fast starts no process: leave this file out in vitest.fast.config.ts");
    },
  });
}
syncBuiltinESMExports();
