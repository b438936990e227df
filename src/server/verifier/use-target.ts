import type { Epoch } from "../../core/key.ts";
import type { Use } from "../../core/usage.ts";
import { KeysError } from "../../errors.ts";
import type { KeyStore } from "../../stores/store.ts";
import type { ResolvedOptions } from "./verifier-options.ts";

/** Where uses go. */
export interface UseTarget {
  /** Writes uses that were seen until `at`. */
  readonly write: (uses: readonly Use[], at: Epoch) => Promise<void>;
  /** Whether to write without uses as well, to say that there were none. */
  readonly reports: boolean;
}

/** The scheme of the option `uses`. */
const FILE = "file:";

/**
 * Returns where a server records the uses that it sees in a store: in the store, in a report, or nowhere if the store is read-only.
 * @throws {@link KeysError} `USAGE` for `uses` unless exactly one of the stores is read from a keyset
 */
export function createUseTarget(store: KeyStore, { name, uses, stores }: UseOptions): UseTarget | null {
  const path = uses === undefined ? null : parseUsesOption(uses, stores);
  if (path === null || store.report === undefined) {
    if (store.readOnly) return null;
    return { reports: false, write: (batch) => store.touch(batch.map((use) => ({ ...use, server: name }))) };
  }
  return {
    reports: true,
    async write(batch, at) {
      if (Number.isNaN(at)) throw new KeysError("STORE_UNAVAILABLE", "the clock of the server fails");
      await store.report?.(path, { server: name, at, uses: batch });
    },
  };
}

type UseOptions = Pick<ResolvedOptions, "name" | "uses" | "stores">;

/** Returns the path in the option `uses`. */
function parseUsesOption(uses: string, stores: readonly KeyStore[]): string {
  const path = uses.slice(FILE.length);
  if (!uses.startsWith(FILE) || path === "") {
    throw new KeysError("USAGE", "`uses` of createVerifier is not a file", {
      hint: 'for example uses: "file:/var/lib/app/uses.json"',
    });
  }
  const keysets = stores.filter((each) => each.report !== undefined).length;
  if (keysets === 1) return path;
  const what = keysets === 0 ? "no store with a keyset" : "several stores with a keyset, and a report is for one";
  throw new KeysError("USAGE", `createVerifier has \`uses\`, but ${what}`, {
    hint: "remove `uses`: a server records its uses in a store that it can write to",
  });
}

/**
 * Writes a first report, which shows from the start that the server is there.
 * @param onFailure - called with a failure that may pass, such as a full disk
 * @throws {@link KeysError} `OUTPUT_EXISTS` if the file is something else
 */
export async function startReports(
  target: UseTarget | null,
  now: () => Epoch,
  onFailure: (cause: unknown) => void,
): Promise<void> {
  if (target?.reports !== true) return;
  try {
    await target.write([], now());
  } catch (cause) {
    if (cause instanceof KeysError && cause.code === "OUTPUT_EXISTS") throw cause;
    onFailure(cause);
  }
}
