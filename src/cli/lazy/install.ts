/** The code that only `export --install` needs, with the parsers. Bundled into one chunk and loaded on first use. */

export { editConfig } from "../../clients/edit/edit-config.ts";
export { resolvePlace } from "../../clients/place.ts";
export { editFile } from "../../sinks/edit-file.ts";
