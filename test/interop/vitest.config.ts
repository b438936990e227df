import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { reportLeftOut } from "../left-out.ts";
import { closingLine } from "./closing-line.ts";

/** For `npm run test:interop`, which installs what these tests need. */
export default defineConfig({
  root: join(import.meta.dirname, "../.."),
  test: {
    include: ["test/interop/*.test.ts"],
    globalSetup: "test/own-home.ts",
    // The suite measures times, so nothing else runs beside it.
    fileParallelism: false,
    env: { NO_COLOR: "1", TZ: "UTC" },
    testTimeout: 100_000,
    // The build as Node loads it, not as a test runner reads it.
    server: { deps: { external: [/\/dist\//] } },
    reporters: [reportLeftOut(Boolean(process.env["CI"])), "default", closingLine()],
  },
});
