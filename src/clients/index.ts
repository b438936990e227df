import { agentgateway } from "./agentgateway.ts";
import { claudeCode } from "./claude-code.ts";
import { claudeDesktop } from "./claude-desktop.ts";
import type { ClientFormat } from "./client.ts";
import { cline } from "./cline.ts";
import { codex } from "./codex.ts";
import { continueDev } from "./continue.ts";
import { copilotCli } from "./copilot-cli.ts";
import { cursor } from "./cursor.ts";
import { gemini } from "./gemini.ts";
import { goose } from "./goose.ts";
import { inspector } from "./inspector.ts";
import { jetbrains } from "./jetbrains.ts";
import { lmStudio } from "./lm-studio.ts";
import { mcpRemote } from "./mcp-remote.ts";
import type { ClientName } from "./names.ts";
import { opencode } from "./opencode.ts";
import { roo } from "./roo.ts";
import { serverJson } from "./server-json.ts";
import { vscode } from "./vscode.ts";
import { windsurf } from "./windsurf.ts";
import { zed } from "./zed.ts";

/**
 * Every client by name. To add one: a file next to this one, a line here, its name in `names.ts`, a reader in
 * `test/clients/readers.ts`, and a recipe in `docs/clients.md`.
 */
export const clients: Readonly<Record<ClientName, ClientFormat>> = {
  "claude-code": claudeCode,
  "claude-desktop": claudeDesktop,
  vscode,
  cursor,
  windsurf,
  zed,
  codex,
  gemini,
  cline,
  roo,
  continue: continueDev,
  opencode,
  goose,
  "lm-studio": lmStudio,
  "copilot-cli": copilotCli,
  jetbrains,
  inspector,
  "mcp-remote": mcpRemote,
  "server-json": serverJson,
  agentgateway,
};
