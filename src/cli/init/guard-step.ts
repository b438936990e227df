import { basename, join } from "node:path";
import { KeysError } from "../../errors.ts";
import { sinks } from "../../sinks/index.ts";
import type { Context } from "../context.ts";
import type { FrameworkName } from "./framework-names.ts";
import { frameworks } from "./frameworks.ts";
import type { ServerProject } from "./project.ts";
import { readProjectFile } from "./read-file.ts";
import type { SetupStep } from "./step.ts";

/** The file with the guard, and what to import in the server. */
export interface GuardFile {
  readonly path: string;
  readonly from: string;
}

/** Names the file with the guard so that its `await` compiles: it must be an ES module. */
export function chooseGuardFile(project: ServerProject, framework: FrameworkName, given?: string): GuardFile {
  const isModule = project.isModule || framework === "next";
  const extension = project.isTypeScript ? (isModule ? "ts" : "mts") : isModule ? "js" : "mjs";
  const own = join(...(project.hasSrc ? ["src"] : []), `mcp-auth.${extension}`);
  const path = join(project.folder, given ?? own);
  const name = basename(path);
  // Next.js resolves no `.js` to a `.ts`; others resolve nothing without an extension.
  const from = framework === "next" ? `@/${name.replace(/\.\w+$/, "")}` : `./${name.replace(/ts$/, "js")}`;
  return { path, from };
}

/**
 * Plans the file with the guard. Existing code is never changed: a file that imports this package is taken for the guard, any other
 * one is refused.
 * @param store - the spec of the store, or `null` for the default
 * @throws {@link KeysError} `OUTPUT_EXISTS` `DELIVERY_FAILED`
 */
export async function planGuard(
  ctx: Context,
  { path }: GuardFile,
  { framework, store, project }: { framework: FrameworkName; store: string | null; project: ServerProject },
): Promise<SetupStep | null> {
  const { guard, title } = frameworks[framework];
  if (guard === undefined) return null;
  const text = guard({ store, isTypeScript: project.isTypeScript });
  const found = await readProjectFile(path);
  if (found !== null && !/["']mcp-keys["']/.test(found)) {
    throw new KeysError("OUTPUT_EXISTS", `${path} already exists, and is not a guard`, {
      hint: "choose another file with --guard-file <file>; nothing was changed",
    });
  }
  const isOther = found !== null && found !== text;
  const open = (dryRun: boolean) => sinks.file(path, { force: false, uid: ctx.world.uid, isPublic: true, dryRun });
  if (found === null) await open(true);
  return {
    ...{ step: "guard", file: path, exists: found !== null },
    about: isOther ? "it stays, although init would write something else" : `the guard for ${title}`,
    async run() {
      const sink = await open(false);
      ctx.atEnd(() => sink.discard());
      await sink.deliver(text);
      return [];
    },
  };
}
