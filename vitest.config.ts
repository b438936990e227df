import { defineConfig } from "vitest/config";
import manifest from "./package.json" with { type: "json" };
import { reportLeftOut } from "./test/left-out.ts";

export default defineConfig({
  define: { __VERSION__: JSON.stringify(manifest.version) },
  test: {
    include: ["test/**/*.test.ts"],
    // Other people's servers, with their own lock file: `npm run test:interop`.
    exclude: ["**/node_modules/**", "test/interop/**"],
    typecheck: { enabled: true, include: ["test/**/*.test-d.ts"], tsconfig: "./tsconfig.test-d.json" },
    globalSetup: ["test/own-home.ts", "test/postgres/share-cluster.ts"],
    // Tests must not depend on module state, so files share two threads: a third of the time of isolated ones.
    pool: "threads",
    isolate: false,
    maxWorkers: 2,
    // Tests marked as concurrent mostly wait.
    maxConcurrency: 16,
    env: { NO_COLOR: "1", TZ: "UTC" },
    // No limit for the full counts.
    testTimeout: process.env["MCP_KEYS_TORTURE"] === "1" ? 3_600_000 : 20_000,
    hookTimeout: 20_000,
    allowOnly: !process.env["CI"],
    // Ours first: the runner's own summary comes last.
    reporters: [reportLeftOut(Boolean(process.env["CI"])), "default"],
  },
});
