/** The code that only commands that change or check keys need. Bundled into one file and loaded on first use: `list` needs none of it. */

export { parsePeppers } from "../../core/digest.ts";
export { createKeys } from "../../keys/keys.ts";
export { cannotConfirm, notConfirmed, waitForServers } from "../../keys/wait-for-servers.ts";
export { observeWrites, rehearse } from "../../stores/overlay.ts";
