import { KeysError } from "../../errors.ts";
import type { Context } from "../context.ts";
import type { RotateFlags } from "./flags.ts";

const PLACE = "{name}";

/** Returns whether a path has a place for the name of a key. */
export function hasPlace(path: string): boolean {
  return path.includes(PLACE);
}

/** Does the same as {@link nameOut} for a key that is named on the line. */
export async function resolveOut(ctx: Context, ref: string, flags: RotateFlags): Promise<RotateFlags> {
  if (flags.out === undefined || !hasPlace(flags.out)) return flags;
  return nameOut(flags, await (await ctx.keys()).get(ref, { digests: false }));
}

/**
 * Puts the name of a key into the path of `--out`. Names are letters, digits, dots, dashes and underscores, so they stay within their
 * folder, except for two.
 * @throws {@link KeysError} `USAGE` for a key named `.` or `..`
 */
export function nameOut(flags: RotateFlags, { id, name }: { id: string; name: string }): RotateFlags {
  const { out } = flags;
  if (out === undefined || !hasPlace(out)) return flags;
  if (name === "." || name === "..") {
    throw new KeysError("USAGE", `the key ${id} is named ${name}, which cannot be part of a path`, {
      hint: `rename it with: mcp-keys update ${id} --name <name>`,
    });
  }
  return { ...flags, out: out.replaceAll(PLACE, name) };
}

/**
 * Refuses names that differ only in case where they would be one file: one token would replace the other.
 * @param platform - as in `process.platform`
 * @throws {@link KeysError} `USAGE`
 */
export function refuseSameFile(keys: readonly { name: string }[], platform: string): void {
  if (platform !== "darwin" && platform !== "win32") return;
  const names = new Map<string, string>();
  for (const { name } of keys) {
    const other = names.get(name.toLowerCase());
    if (other !== undefined) {
      throw new KeysError("USAGE", `--out would be the same file for ${other} and ${name}`, {
        hint: `rename one of them with: mcp-keys update ${name} --name <name>`,
      });
    }
    names.set(name.toLowerCase(), name);
  }
}
