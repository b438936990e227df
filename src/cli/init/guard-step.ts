import { extname, join, relative, sep } from "node:path";
import { KeysError } from "../../errors.ts";
import { sinks } from "../../sinks/index.ts";
import type { Context } from "../context.ts";
import type { FrameworkName } from "./framework-names.ts";
import { frameworks } from "./frameworks.ts";
import type { ServerProject } from "./project.ts";
import { inFolder, readProjectFile, requireInside } from "./project-file.ts";
import type { SetupStep } from "./step.ts";

/** The file with the guard, and what to import in the server. */
export interface GuardFile {
  readonly path: string;
  readonly from: string;
}

/**
 * Names the file with the guard so that its `await` compiles: it must be an ES module.
 * @throws {@link KeysError} `USAGE` for a name that is none
 */
export function chooseGuardFile(project: ServerProject, framework: FrameworkName, given?: string): GuardFile {
  const isModule = project.isModule || framework === "next";
  const source = join(project.folder, project.hasSrc ? "src" : "");
  const extensions = [
    ...(project.isTypeScript ? [...(isModule ? [".ts"] : []), ".mts"] : []),
    ...[...(isModule ? [".js"] : []), ".mjs"],
  ];
  if (given !== undefined && !extensions.includes(extname(given))) {
    const listed = extensions.join(" or ");
    throw new KeysError("USAGE", `the guard needs a file that is an ES module, and here its name ends in ${listed}`, {
      hint: `name it for example --guard-file mcp-auth${extensions[0] ?? ""}`,
    });
  }
  const path = given === undefined ? join(source, `mcp-auth${extensions[0] ?? ""}`) : inFolder(project.folder, given);
  const way = relative(source, path).replaceAll(sep, "/");
  // Next.js resolves no `.js` to a `.ts`; others resolve nothing without an extension.
  if (framework === "next") return { path, from: `@/${way.replace(/\.\w+$/, "")}` };
  return { path, from: (way.startsWith("../") ? way : `./${way}`).replace(/ts$/, "js") };
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
  const text = guard({ ...project, store });
  const found = await readProjectFile(path);
  await requireInside(path, project.folder, "choose another file with --guard-file <file>");
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
    about: isOther
      ? "it stays, although init would write something else now; to get that, remove it first"
      : `the guard for ${title}`,
    async run() {
      const sink = await open(false);
      ctx.atEnd(() => sink.discard());
      await sink.deliver(text);
      return [];
    },
  };
}
