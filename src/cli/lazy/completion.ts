/** The code that only `completion` needs. Bundled into one chunk and loaded on first use. */

export { complete } from "../completion/complete.ts";
export { scripts } from "../completion/shells/index.ts";
