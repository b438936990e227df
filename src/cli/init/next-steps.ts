import { resolve } from "node:path";
import { shellQuote } from "../../core/shell-quote.ts";
import type { ClientPlan } from "./client-step.ts";
import { frameworks } from "./frameworks.ts";
import type { FrameworkName } from "./framework-names.ts";
import type { ServerProject } from "./project.ts";
import type { FirstKey } from "./token-file.ts";

/** What the user still has to do, and with what. */
export interface Remaining {
  readonly project: ServerProject;
  readonly framework: FrameworkName;
  /** What the server imports. */
  readonly from: string;
  readonly url: URL;
  readonly key: FirstKey;
  /** Whether `MCP_KEYS_STORE` names the store, for the server too. */
  readonly isFromVariable: boolean;
  readonly client: Pick<ClientPlan, "next" | "key" | "command"> | null;
}

/** Something to do by hand: a sentence, and the lines to paste. */
export interface ManualStep {
  readonly text: string;
  readonly lines: readonly string[];
}

/** Returns what `init` leaves to the user, in order. */
export function nextSteps(remaining: Remaining): ManualStep[] {
  const { project, framework, from, url, key, client } = remaining;
  const { guard, place, commonPlace = place, use } = frameworks[framework];
  const { isModule, hasSrc } = project;
  const steps: ManualStep[] = [];
  if (guard === undefined) {
    steps.push({ text: "Guard your server in Python: see examples/python in the repository of mcp-keys", lines: [] });
  } else {
    if (!project.packages.has("mcp-keys")) steps.push({ text: "Install the package", lines: [installLine(project)] });
    const where = hasSrc && framework !== "next" ? " (the path is for a file in src)" : "";
    steps.push({
      text: `Add this ${isModule ? place : commonPlace}${where}`,
      lines: use({ from, isModule }, url.pathname),
    });
  }
  const start = remaining.isFromVariable
    ? "Start the server again with the same MCP_KEYS_STORE"
    : "Start the server again";
  steps.push({ text: `${start}, and check it`, lines: [checkLine(remaining)] });
  if (client !== null) {
    const line = client.key === "variable" ? exportLine(key) : showLine(key);
    steps.push({ text: `For the client: ${client.next}`, lines: [client.command ?? line] });
  }
  return steps;
}

/** Renders the steps with their numbers. */
export function renderSteps(steps: readonly ManualStep[]): string {
  return steps
    .map(({ text, lines }, i) => {
      const head = `${String(i + 1)}. ${text}${lines.length > 0 ? ":" : ""}\n`;
      return head + lines.map((line) => `     ${line}\n`).join("");
    })
    .join("");
}

/** A package manager that is not the project's would write a second lock file. */
function installLine({ folder, packageManager }: ServerProject): string {
  const line = `${packageManager === "npm" ? "npm install" : `${packageManager} add`} mcp-keys`;
  return resolve(folder) === resolve(".") ? line : `(cd ${shellQuote(folder)} && ${line})`;
}

function checkLine({ framework, url, key }: Remaining): string {
  if (framework === "stdio") return `${exportLine(key)}; npx mcp-keys test --stdio -- <your server>`;
  const line = `npx mcp-keys verify ${url.href}`;
  return key.isDotenv ? `${exportLine(key)}; ${line}` : `${line} < ${shellQuote(key.file)}`;
}

function showLine({ file, isDotenv }: FirstKey): string {
  return isDotenv ? `grep MCP_API_KEY= ${shellQuote(file)}` : `cat ${shellQuote(file)}`;
}

function exportLine({ file, isDotenv }: FirstKey): string {
  // A name without a slash would be looked for in PATH.
  const path = shellQuote(file.includes("/") ? file : `./${file}`);
  return isDotenv ? `set -a; . ${path}; set +a` : `export MCP_API_KEY="$(cat ${shellQuote(file)})"`;
}
