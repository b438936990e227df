/** The code that only `scan` needs. Bundled into one chunk and loaded on first use. */

export { scan } from "../../scan/scan.ts";
