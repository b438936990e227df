/** What only `doctor` needs. Loaded on first use. */

export { examineAll } from "../doctor/diagnose.ts";
export { removeOrphansOf } from "../doctor/diagnostics/keychain.ts";
export { examinations } from "../doctor/index.ts";
export { admit } from "../doctor/subject.ts";
export { openStore } from "../stores/index.ts";
