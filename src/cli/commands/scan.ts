import { existsSync } from "node:fs";
import { Command } from "commander";
import { count } from "../../core/count.ts";
import { KeysError } from "../../errors.ts";
import type { RunningProcess } from "../../process/start-process.ts";
import type { CommandModule, Context } from "../context.ts";
import { listFlag } from "../flags.ts";
import { judgeFound, mayWork, renderFound, type JudgedToken } from "../scan-report.ts";

interface ScanFlags {
  readonly staged?: true;
  readonly history: boolean;
  readonly ignore?: readonly string[];
}

export const scanCommand: CommandModule = {
  examples: [
    "mcp-keys scan                    # this folder, and its git history",
    "mcp-keys scan --no-history ./logs ./dist",
    "mcp-keys scan --staged           # in a pre-commit hook",
  ],
  build: (open) =>
    new Command("scan")
      .description(
        "Finds tokens in the format of mcp-keys in files and in the git history of these paths (default: this folder), " +
          "offline, by their checksum. Names the places, never the token, and says whether the store still accepts it. " +
          "Imported tokens in other formats, and compressed or base64 text, are not found.",
      )
      .argument("[path...]", "files or folders")
      .option("--staged", "only what is staged for the next commit")
      .option("--no-history", "only files on disk, not the git history")
      .addOption(
        listFlag("--ignore <id>", "do not report the tokens of this key, for example in tests; repeatable", parseId),
      )
      .action((paths: string[], flags: ScanFlags) => runScan(open(), paths, flags)),
};

async function runScan(ctx: Context, paths: readonly string[], flags: ScanFlags): Promise<void> {
  const { io, world } = ctx;
  const { staged = false, history, ignore = [] } = flags;
  if (staged && !history) {
    throw new KeysError("USAGE", "--no-history has no effect with --staged", { hint: "remove it" });
  }
  if (!staged && !paths.every((path) => existsSync(path))) {
    throw new KeysError("USAGE", "there is no such file or folder", { hint: "check the paths" });
  }
  const { scan } = await import("../lazy/scan.ts");
  const started: RunningProcess[] = [];
  ctx.atEnd(async () => {
    await Promise.all(started.map((each) => each.end(0)));
  });
  const result = await scan({
    paths: staged || paths.length > 0 ? paths : ["."],
    staged,
    history,
    env: world.env,
    signal: world.interrupted,
    onStart: (running) => started.push(running),
  });
  // What it found so far would look like the whole result.
  if (world.interrupted.aborted) return;
  const wanted = result.found.filter(({ id }) => !ignore.includes(id));
  const { judged, fault } = await judgeFound(ctx, wanted);
  const isClean = !judged.some(mayWork);
  if (ctx.flags.json) {
    const findings = judged.map(toJson);
    await io.json({
      ok: isClean && result.unread.length === 0,
      scanned: result.scanned,
      findings,
      unread: result.unread,
    });
  } else {
    await io.print(judged.map((each) => renderFound(ctx, each)).join("\n"));
  }
  const { files, objects } = result.scanned;
  io.note(
    `scanned ${count(files, "file")} and ${count(objects, "object")} of git: ${count(judged.length, "token")} found`,
  );
  for (const folder of result.shallow) {
    io.warn(`${folder} is a shallow clone: older commits were not scanned; get them with: git fetch --unshallow`);
  }
  for (const { path, reason } of result.unread.slice(0, 20)) io.warn(`cannot scan ${path}: ${reason}`);
  if (fault !== null) throw fault;
  if (!isClean) ctx.setExitStatus(4);
  else if (result.unread.length > 0) {
    throw new KeysError(
      "SCAN_INCOMPLETE",
      `the scan is incomplete: ${count(result.unread.length, "place")} could not be read`,
    );
  }
}

function toJson({ prefix, id, places, more, status, name, version, fix }: JudgedToken): Record<string, unknown> {
  return {
    ...{ prefix, id, status },
    ...(name !== undefined && { name }),
    ...(version !== undefined && { version }),
    ...(fix !== undefined && { fix }),
    places,
    more,
  };
}

function parseId(text: string): string {
  if (/^[0-9A-Za-z]{12}$/.test(text)) return text;
  throw new KeysError("USAGE", "--ignore takes the id of a key", {
    hint: "it has 12 characters and follows the prefix of the token",
  });
}
