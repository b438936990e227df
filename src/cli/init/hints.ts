import { KeysError } from "../../errors.ts";
import { errnoOf } from "../../sinks/file-fault.ts";

/** Refusals that the plan rules out, unless another run writes the same files or the same key at this moment. */
const RACES: readonly unknown[] = ["OUTPUT_EXISTS", "NAME_TAKEN"];

/** The user named no file, so "choose another one" does not help. */
export function hintWhilePlanning(error: unknown): unknown {
  if (!(error instanceof KeysError) || error.code !== "DELIVERY_FAILED") return error;
  if (!["EACCES", "EPERM"].includes(errnoOf(error.cause))) return error;
  return withHint(error, "init writes there: allow it, or run init as the owner of the folder; nothing was changed");
}

/** The usual hints name flags that `init` lacks, such as --force. */
export function hintWhileWriting(error: unknown): unknown {
  if (!(error instanceof KeysError)) return error;
  if (!RACES.includes(error.code) && !/--(?:force|install)\b/.test(error.hint)) return error;
  return withHint(error, "another run may have written it at the same moment; run the same command again");
}

function withHint(error: KeysError, hint: string): KeysError {
  return new KeysError(error.code, error.message, { hint, cause: error });
}
