/** For each shell, the command that installs completion in it. */
export const INSTALL = {
  bash: `echo 'eval "$(mcp-keys completion bash)"' >> ~/.bashrc`,
  zsh: `echo 'eval "$(mcp-keys completion zsh)"' >> ~/.zshrc`,
  fish: "mkdir -p ~/.config/fish/completions; mcp-keys completion fish > ~/.config/fish/completions/mcp-keys.fish",
  powershell: "Add-Content $PROFILE 'mcp-keys completion powershell | Out-String | Invoke-Expression'",
} as const;

/** A shell with completion. */
export type ShellName = keyof typeof INSTALL;
