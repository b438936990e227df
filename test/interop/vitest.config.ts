import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { reportLeftOut } from "../left-out.ts";
import { closingLine } from "./closing-line.ts";

/** Configuration for `npm run test:interop`, which installs the packages that these tests need. */
export default defineConfig({
  root: join(import.meta.dirname, "../.."),
  test: {
    include: ["test/interop/*.test.ts"],
    globalSetup: "test/own-home.ts",
    // The conformance suite measures times, so test files run one at a time.
    fileParallelism: false,
    env: { NO_COLOR: "1", TZ: "UTC" },
    testTimeout: 100_000,
    // Loads the build with Node instead of the test runner.
    server: { deps: { external: [/\/dist\//] } },
    reporters: [reportLeftOut(Boolean(process.env["CI"])), "default", closingLine()],
  },
});
