import { isAbsolute, join, resolve } from "node:path";
import { KeysError } from "../../errors.ts";
import { isInside, leadsOut } from "../../sinks/within.ts";

/** Returns the path of a file that a flag names: in the project, unless it is absolute. */
export function inFolder(folder: string, given: string): string {
  return isAbsolute(given) ? given : join(folder, given);
}

/**
 * Refuses a file that is in the project by its name, and elsewhere because of a symbolic link: the project may come from others.
 * @throws {@link KeysError} `DELIVERY_FAILED`
 */
export async function requireInside(path: string, folder: string, hint: string): Promise<void> {
  if (!isInside(resolve(path), resolve(folder)) || !(await leadsOut(resolve(path), folder))) return;
  throw new KeysError("DELIVERY_FAILED", `${path} is behind a symbolic link that leads out of the project`, {
    hint: `${hint}; nothing was changed`,
  });
}
