import { mergeConfig } from "vitest/config";
import config from "./vitest.config.ts";

/** `npm run test:fast`: no keychain, and no process but the one of the smoke test. `test/no-processes.ts` enforces it. */
export default mergeConfig(config, {
  test: {
    typecheck: { enabled: false },
    setupFiles: ["test/no-processes.ts"],
    exclude: [
      "test/e2e/!(smoke).test.ts",
      "test/stores/keychain/**",
      "test/stores/{document,mounts,processes}.test.ts",
      "test/probe/stdio/**",
      "test/sinks/**",
      "test/docs/tutorials.test.ts",
      "test/left-out.test.ts",
      "test/package.test.ts",
    ],
  },
});
