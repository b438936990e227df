import { CLIENT_NAMES, type ClientName } from "../../clients/names.ts";
import { parseName } from "../../core/generate.ts";
import { suggest } from "../../core/suggest.ts";
import { KeysError } from "../../errors.ts";
import { parseStoreSpec } from "../../stores/index.ts";
import type { Context } from "../context.ts";
import { checked } from "../new-key.ts";
import { FRAMEWORK_NAMES, type FrameworkName } from "./framework-names.ts";
import type { ServerProject } from "./project.ts";

/** The flags that answer a question. */
export interface AnswerFlags {
  readonly framework?: FrameworkName;
  readonly name?: string;
  readonly client?: ClientName | "none";
}

/** What `init` asks. */
export interface SetupAnswers {
  readonly framework: FrameworkName;
  /** `null` if `--store`, `MCP_KEYS_STORE` or the default decides. */
  readonly store: string | null;
  readonly name: string;
  readonly client: ClientName | "none";
}

/** The store that needs no decision. */
const DEFAULT_STORE = "file:";

/**
 * Returns the answers from the flags and, at a terminal, from questions. Nothing has changed by then.
 * @throws {@link KeysError} `INPUT_REQUIRED` without a terminal, with the missing flags; `INTERRUPTED`
 */
export async function readAnswers(ctx: Context, project: ServerProject, flags: AnswerFlags): Promise<SetupAnswers> {
  if (!ctx.interactive) return { ...requireAll(project, flags), store: null };
  const ask = async (message: string, initial: string | undefined, parse: (text: string) => unknown) =>
    (await ctx.prompts()).text({ message, check: checked(parse), ...(initial !== undefined && { initial }) });

  const framework =
    flags.framework ??
    parseChoice(
      await ask(`Server (${FRAMEWORK_NAMES.join(", ")}):`, project.framework, (text) =>
        parseChoice(text, FRAMEWORK_NAMES),
      ),
      FRAMEWORK_NAMES,
    );
  const isChosen = ctx.flags.store !== undefined || isStoreVariableSet(ctx);
  const store = isChosen
    ? DEFAULT_STORE
    : await ask("Store (file: is in your data folder; or file:<path>, keychain:):", DEFAULT_STORE, parseStoreSpec);
  const name = flags.name ?? (await ask("Name of the first key:", "default", parseName));
  const client =
    flags.client ??
    (framework === "stdio"
      ? "none"
      : parseChoice(
          await ask(`Client (${CLIENT_NAMES.join(", ")}, or none):`, "none", (text) => parseChoice(text, CLIENTS)),
          CLIENTS,
        ));
  return { framework, store: store === DEFAULT_STORE ? null : store, name: parseName(name), client };
}

/** Returns whether `MCP_KEYS_STORE` names the store, unless a flag does. */
export function isStoreVariableSet({ world }: Context): boolean {
  return (world.env["MCP_KEYS_STORE"] ?? "").trim() !== "";
}

const CLIENTS = [...CLIENT_NAMES, "none"] as const;

function requireAll(
  { framework: detected = "express" }: ServerProject,
  { framework, name, client = framework === "stdio" ? "none" : undefined }: AnswerFlags,
): Omit<SetupAnswers, "store"> {
  if (framework !== undefined && name !== undefined && client !== undefined) {
    return { framework, name: parseName(name), client };
  }
  const missing = [
    ...(framework === undefined ? [`--framework ${detected}`] : []),
    ...(name === undefined ? ["--name default"] : []),
    ...(client === undefined ? ["--client none"] : []),
  ];
  throw new KeysError("INPUT_REQUIRED", `init needs ${missing.map((flag) => flag.replace(/ .*/, "")).join(", ")}`, {
    hint: `for example, add: ${missing.join(" ")}`,
  });
}

function parseChoice<Choice extends string>(text: string, choices: readonly Choice[]): Choice {
  const found = choices.find((each) => each === text.trim().toLowerCase());
  if (found !== undefined) return found;
  throw new KeysError("USAGE", "that is not one of them", {
    hint: `${suggest(text, choices)}choose one of ${choices.join(", ")}`,
  });
}
