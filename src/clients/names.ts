/** Every client, in the order of `--help`. Apart from the registry, because the command line needs only the names. */
export const CLIENT_NAMES = [
  "claude-code",
  "claude-desktop",
  "vscode",
  "cursor",
  "windsurf",
  "zed",
  "codex",
  "gemini",
  "cline",
  "roo",
  "continue",
  "opencode",
  "goose",
  "lm-studio",
  "copilot-cli",
  "jetbrains",
  "inspector",
  "mcp-remote",
  "server-json",
  "agentgateway",
] as const;

export type ClientName = (typeof CLIENT_NAMES)[number];
