import { KeysError } from "../../errors.ts";
import type { RotateFlags } from "./flags.ts";
import { hasPlace } from "./out-name.ts";

/**
 * Returns the key that the line names, or `null` for `--all`.
 * @throws {@link KeysError} `USAGE` for both or neither, and for flags that only make sense for one key
 */
export function requireKeyOrAll(ref: string | undefined, flags: RotateFlags): string | null {
  if (flags.all !== true) {
    if (ref !== undefined) return ref;
    throw new KeysError("USAGE", "missing required argument 'key'", {
      hint: "name a key, as mcp-keys list shows it, or rotate every key with --all",
    });
  }
  if (ref !== undefined) {
    throw new KeysError("USAGE", "a key and --all cannot be used together", { hint: "remove one of them" });
  }
  if (flags.oldTokenEnv !== undefined) {
    throw new KeysError("USAGE", "--old-token-env and --all cannot be used together: each key has its own old token", {
      hint: "remove --old-token-env, or rotate one key at a time",
    });
  }
  if (flags.finish === true && (flags.verify !== undefined || flags.verifyAll !== undefined)) {
    throw new KeysError("USAGE", "--finish --verify and --all cannot be used together: each key has its own token", {
      hint: "remove --verify, or finish one key at a time",
    });
  }
  const isIssuing = [flags.finish, flags.abort, flags.status].every((each) => each !== true);
  if (isIssuing) refuseSharedDestination(flags);
  return null;
}

function refuseSharedDestination({ out, to }: RotateFlags): void {
  if (out === undefined && to === undefined) {
    throw new KeysError(
      "USAGE",
      "--all does not print tokens: if it were interrupted, the tokens of all keys would be lost",
      {
        hint: "deliver each token with --out 'keys/{name}.key' or --to 'vault kv put secret/$MCP_KEYS_KEY token=-'",
      },
    );
  }
  if (out !== undefined && !hasPlace(out)) {
    throw new KeysError("USAGE", "with --all, the path of --out needs {name}: each key has a file of its own", {
      hint: "for example: --out 'keys/{name}.key'",
    });
  }
}
