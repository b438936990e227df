/** The code that only commands with a store need. Bundled into one file and loaded on first use, to keep `--help` fast. */

export { openStore, stores } from "../../stores/index.ts";
