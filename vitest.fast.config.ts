import { mergeConfig } from "vitest/config";
import config from "./vitest.config.ts";

/** `npm run test:fast`: no keychain, and no process but the one of the smoke test. */
export default mergeConfig(config, {
  test: {
    // Skips the other tests that start a process, and names them.
    setupFiles: ["test/no-processes.ts"],
    typecheck: { enabled: false },
    exclude: [
      "test/docs/{adding,api,server,tutorials}.test.ts",
      "test/doctor/keychain.test.ts",
      "test/e2e/!(smoke).test.ts",
      "test/formats/github-actions.test.ts",
      "test/left-out.test.ts",
      "test/package.test.ts",
      // Mostly waits for timeouts.
      "test/probe/{checks/false-alarms,verify/hostile-server}.test.ts",
      "test/cli/test/lab.test.ts",
      "test/probe/checks/own-guard.test.ts",
      "test/probe/makes/**",
      "test/probe/report/junit.test.ts",
      "test/postgres/**",
      "test/stores/postgres/**",
      "test/probe/stdio/**",
      "test/process/**",
      "test/server/{stdio,survival}.test.ts",
      "test/sinks/{command,terminal}.test.ts",
      "test/stores/keychain/**",
      "test/stores/processes.test.ts",
    ],
  },
});
