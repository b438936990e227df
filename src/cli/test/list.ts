import type { Check } from "../../probe/check.ts";
import { CHECKS } from "../../probe/index.ts";
import { chooseChecks } from "../../probe/choose-checks.ts";
import { STDIO_CHECKS } from "../../probe/stdio/index.ts";
import type { Context } from "../context.ts";
import { renderTable } from "../terminal/render.ts";
import type { TestFlags } from "./options.ts";

/** Prints the checks that `test` would run, in running order. */
export async function listChecks({ flags, io, paint }: Context, selection: TestFlags): Promise<void> {
  const all = selection.stdio === true ? STDIO_CHECKS : CHECKS;
  const checks = chooseChecks<Pick<Check, "id" | "group" | "about" | "level" | "expected" | "source" | "fix">>(
    all,
    selection,
  );
  if (flags.json) {
    const listed = checks.map(({ id, group, about, level, expected, source, fix }) => ({
      ...{ id, group, about, level, expected },
      ...{ source: source.href, fix },
    }));
    await io.json({ checks: listed });
    return;
  }
  const rows = checks.map(({ id, about, level, expected }) =>
    [id, about, level.toUpperCase(), expected].map((text) => ({ text })),
  );
  await io.print(renderTable(paint, ["CHECK", "ABOUT", "LEVEL", "EXPECTED"], rows));
}
