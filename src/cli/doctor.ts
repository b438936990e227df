/** What only `doctor` needs. Loaded on first use. */

export { examineAll } from "../doctor/examine.ts";
export { removeOrphansOf } from "../doctor/examinations/keychain.ts";
export { examinations } from "../doctor/index.ts";
export { admit } from "../doctor/patient.ts";
export { openStore } from "../stores/index.ts";
