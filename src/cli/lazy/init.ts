/** The code that only `init` needs. Bundled into one chunk and loaded on first use. */

export { runInit } from "../init/run.ts";
