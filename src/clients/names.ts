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

/** Tools that find secrets in code. A rule makes them find tokens with a prefix. */
export const SCANNER_NAMES = ["gitleaks", "secretlint", "github-custom-pattern"] as const;

export type ScannerName = (typeof SCANNER_NAMES)[number];

export type ClientName = (typeof CLIENT_NAMES)[number];
