/** The code that only commands with a store need. Bundled into one file and loaded on first use, to keep `--help` fast. */

export { openStore } from "../../stores/index.ts";
