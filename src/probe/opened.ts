import { KeysError } from "../errors.ts";
import type { Errand } from "./errand.ts";
import { isRefusal, kindOf } from "./kind.ts";
import { isEventStream } from "./reply.ts";
import type { Seen } from "./site.ts";

/**
 * Whether the errand brought what it is for: a result, or an open stream. A JSON-RPC error counts only where the right key gets
 * the same one (`reference`): an unknown tool is looked for behind the door, "unauthorized" is said in front of it.
 */
export function isOpened({ gives }: Errand, seen: Seen, reference?: Seen): boolean {
  if (seen instanceof KeysError || isRefusal(seen)) return false;
  if (gives === "nothing") return false;
  if (gives === "stream") return seen.status === 200 && isEventStream(seen);
  const kind = kindOf(seen);
  if (kind !== "rpc-error" || reference === undefined || reference instanceof KeysError) return kind === "result";
  const code = seen.reply?.error?.code;
  return code !== undefined && kindOf(reference) === "rpc-error" && reference.reply?.error?.code === code;
}
