import { KeysError } from "../../errors.ts";
import { parseServerUrl } from "../../probe/mcp/server-url.ts";
import type { Context } from "../context.ts";
import { isStoreVariableSet, readAnswers, type AnswerFlags, type SetupAnswers } from "./answers.ts";
import { planClient } from "./client-step.ts";
import { hintWhileWriting, hintWhilePlanning } from "./hints.ts";
import { inFolder, requireInside } from "./project-file.ts";
import { planGitignore } from "./gitignore-step.ts";
import { chooseGuardFile, planGuard } from "./guard-step.ts";
import { planKey } from "./key-step.ts";
import { nextSteps, renderSteps } from "./next-steps.ts";
import { readProject, type ServerProject } from "./project.ts";
import type { SetupStep } from "./step.ts";

const LOCAL_SERVER = "http://127.0.0.1:3000/mcp";

/** The flags of `init`. */
export interface InitFlags extends AnswerFlags {
  readonly url?: string;
  readonly serverName?: string;
  readonly dotenv?: string;
  readonly guardFile?: string;
  readonly gitignore?: true;
  readonly plan?: true;
}

/**
 * Sets up a server and its first client. Everything is asked and checked first; the key comes last, because a token that was issued
 * cannot be taken back. What exists stays, so the same command finishes an interrupted run.
 * @throws {@link KeysError} what the steps throw
 */
export async function runInit(ctx: Context, folder: string, flags: InitFlags): Promise<void> {
  const url = parseServerUrl(flags.url ?? LOCAL_SERVER, null);
  const project = await readProject(folder);
  const answers = await readAnswers(ctx, project, flags);
  refuseUseless(answers, flags);
  const { steps, next } = await plan(ctx, project, answers, { ...flags, url }).catch((error: unknown) => {
    throw hintWhilePlanning(error);
  });
  const isPlan = flags.plan === true;
  const chosen = isPlan && ctx.interactive ? steps : await confirmGitignore(ctx, steps, flags.gitignore === true);
  for (const step of chosen) {
    if (step.exists) report(ctx, step, "exists");
    else if (isPlan) report(ctx, step, "would write");
    else await apply(ctx, step);
  }
  if (chosen.every(({ exists }) => exists)) ctx.io.note("everything is there already; nothing was changed");
  if (!ctx.flags.json) return ctx.io.print(renderSteps(next));
  const stateOf = ({ exists }: SetupStep): string => (exists ? "exists" : isPlan ? "planned" : "written");
  await ctx.io.json({
    ...{ framework: answers.framework, changed: !isPlan && chosen.some(({ exists }) => !exists) },
    steps: chosen.map((step) => ({ step: step.step, file: step.file, state: stateOf(step) })),
    next,
  });
}

async function plan(
  ctx: Context,
  project: ServerProject,
  { framework, store: spec, name, client }: SetupAnswers,
  { url, ...flags }: Omit<InitFlags, "url"> & { url: URL },
) {
  const store = await (spec === null ? ctx.store() : ctx.openStore(spec));
  const isDefault = spec === null && ctx.flags.store === undefined;
  const key = {
    name,
    file: inFolder(project.folder, flags.dotenv ?? `${name}.key`),
    isDotenv: flags.dotenv !== undefined,
  };
  await requireInside(key.file, project.folder, "name the file itself with --dotenv <file>");
  const guardFile = chooseGuardFile(project, framework, flags.guardFile);
  const choice = { url: url.href, serverName: flags.serverName };
  const keyStep = await planKey(ctx, store, key);
  const gitignore = await planGitignore(ctx, key.file);
  const guard = await planGuard(ctx, guardFile, { framework, store: isDefault ? null : store.spec, project });
  const configured = client === "none" ? null : await planClient(ctx, { client, ...choice }, project);
  const steps = [gitignore, guard, configured?.step, keyStep].filter((step) => step != null);
  const isFromVariable = isDefault && isStoreVariableSet(ctx);
  const server = { project, framework, from: guardFile.from, url, isFromVariable };
  return { steps, next: nextSteps({ ...server, key, client: configured }) };
}

/** @throws {@link KeysError} `USAGE` for flags that would have no effect */
function refuseUseless({ framework, client }: SetupAnswers, flags: InitFlags): void {
  const useless =
    framework === "stdio" && client !== "none"
      ? "--client has no effect with --framework stdio: a client starts such a server itself"
      : client === "none" && flags.serverName !== undefined
        ? "--server-name has no effect without a client"
        : framework === "python" && flags.guardFile !== undefined
          ? "--guard-file has no effect with --framework python"
          : framework === "stdio" && flags.url !== undefined
            ? "--url has no effect with --framework stdio"
            : null;
  if (useless !== null) throw new KeysError("USAGE", useless, { hint: "remove that flag" });
}

/** Drops the change of `.gitignore` unless the user agrees, and warns then. */
async function confirmGitignore(ctx: Context, steps: SetupStep[], isAgreed: boolean): Promise<SetupStep[]> {
  const step = steps.find((each) => each.step === "gitignore");
  if (step === undefined || isAgreed) return steps;
  if (ctx.interactive) {
    const prompts = await ctx.prompts();
    const answer = await prompts.text({
      message: `Keep the token out of commits, with a line in ${step.file} (yes, no):`,
      initial: "yes",
      check: (text) => /^(y|yes|n|no)$/i.test(text.trim()) || "answer yes or no",
    });
    if (/^y/i.test(answer.trim())) return steps;
  }
  ctx.io.warn(`git does not ignore the file with the token; add it to ${step.file} with --gitignore, or by hand`);
  return steps.filter((each) => each !== step);
}

async function apply(ctx: Context, step: SetupStep): Promise<void> {
  try {
    if (ctx.world.interrupted.aborted) throw new KeysError("INTERRUPTED", "interrupted");
    const notes = await step.run();
    report(ctx, step, "wrote");
    for (const note of notes) ctx.io.note(note);
  } catch (error) {
    if (!ctx.world.interrupted.aborted) ctx.io.note("the same command goes on from here: what is written stays");
    throw hintWhileWriting(error);
  }
}

function report(ctx: Context, { file, about, notes = [] }: SetupStep, verb: string): void {
  ctx.io.note(verb === "exists" ? `${file} exists: ${about}` : `${verb} ${file}: ${about}`);
  for (const note of notes) ctx.io.note(note);
}
