import childProcess from "node:child_process";
import { syncBuiltinESMExports } from "node:module";
import { beforeEach, expect, type TestContext } from "vitest";

const SMOKE = /[\\/]e2e[\\/]smoke\.test\.ts$/;
const { exec, execFile, execFileSync, execSync, fork, spawn, spawnSync } = childProcess;
let current: TestContext | undefined;

beforeEach((context) => {
  current = context;
});

/** Skips a test that is about to start a process, except the smoke test. Files that mostly do are left out by name. */
for (const [name, start] of Object.entries({ exec, execFile, execFileSync, execSync, fork, spawn, spawnSync })) {
  Object.defineProperty(childProcess, name, {
    value: (...args: unknown[]): unknown => {
      if (SMOKE.test(expect.getState().testPath ?? "")) return Reflect.apply(start, childProcess, args);
      current?.skip("it starts a process");
      return undefined;
    },
  });
}
syncBuiltinESMExports();
