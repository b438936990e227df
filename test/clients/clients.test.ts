import { describe, expect, test } from "vitest";
import type { ConfigPlace, RemoteServer } from "../../src/clients/client.ts";
import { clients } from "../../src/clients/index.ts";
import { keyStep } from "../../src/clients/key-step.ts";
import { CLIENT_NAMES } from "../../src/clients/names.ts";
import { resolvePlace } from "../../src/clients/place.ts";
import { renderConfig } from "../../src/clients/render-config.ts";
import { readers } from "./readers.ts";

const KEY = "mcp_7Fq2x9Lm0aBc_0123456789";
const server: RemoteServer = {
  url: "https://mcp.example.com/mcp?team=a&x=%24#",
  serverName: "notes",
  envName: "MCP_API_KEY",
};

test("the names are those of the registry, in its order", () => {
  expect(Object.keys(clients)).toEqual(CLIENT_NAMES);
});

describe.each(CLIENT_NAMES)("%s", (name) => {
  const client = clients[name];

  test("sends the key to the server, when it reads what is printed", () => {
    const text = renderConfig(client, server);
    expect(readers[name](text, KEY)).toEqual({ url: server.url, authorization: `Bearer ${KEY}` });
    expect(text.endsWith("\n") && !text.endsWith("\n\n")).toBe(true);
  });

  test("names what it says it uses, and nothing else", () => {
    const other = { ...server, serverName: "other-name", envName: "OTHER_KEY" };
    const text = renderConfig(client, other).toLowerCase().replaceAll("-", "_");
    expect({ serverName: text.includes("other_name"), envName: text.includes("other_key") }).toEqual({
      serverName: client.uses.includes("serverName"),
      envName: client.uses.includes("envName"),
    });
  });

  test("tells the user how to give it the key", () => {
    const step = keyStep(client, "OTHER_KEY");
    expect(step).toMatch(/^[a-zA-Z].*[^.]$/);
    expect(step).toContain(client.key === "prompt" ? "key" : "OTHER_KEY");
    expect(renderConfig(client, server).includes("<MCP_API_KEY>")).toBe(client.key === "placeholder");
    expect(client.source.protocol).toBe("https:");
  });
});

const place = (platform: string, env: ConfigPlace["env"] = {}): ConfigPlace =>
  resolvePlace({ HOME: "/home/ada", USERPROFILE: String.raw`D:\home\ada`, ...env }, platform);

test.each([
  ["claude-code", "~/.claude.json", "~/.claude.json", String.raw`~\.claude.json`],
  [
    "claude-desktop",
    "~/.config/Claude/claude_desktop_config.json",
    "~/Library/Application Support/Claude/claude_desktop_config.json",
    String.raw`~\AppData\Roaming\Claude\claude_desktop_config.json`,
  ],
  [
    "vscode",
    "~/.config/Code/User/mcp.json",
    "~/Library/Application Support/Code/User/mcp.json",
    String.raw`~\AppData\Roaming\Code\User\mcp.json`,
  ],
  ["cursor", "~/.cursor/mcp.json", "~/.cursor/mcp.json", String.raw`~\.cursor\mcp.json`],
  [
    "windsurf",
    "~/.codeium/windsurf/mcp_config.json",
    "~/.codeium/windsurf/mcp_config.json",
    String.raw`~\.codeium\windsurf\mcp_config.json`,
  ],
  [
    "zed",
    "~/.config/zed/settings.json",
    "~/.config/zed/settings.json",
    String.raw`~\AppData\Roaming\Zed\settings.json`,
  ],
  ["codex", "~/.codex/config.toml", "~/.codex/config.toml", String.raw`~\.codex\config.toml`],
  ["gemini", "~/.gemini/settings.json", "~/.gemini/settings.json", String.raw`~\.gemini\settings.json`],
  [
    "cline",
    "~/.config/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json",
    "~/Library/Application Support/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json",
    String.raw`~\AppData\Roaming\Code\User\globalStorage\saoudrizwan.claude-dev\settings\cline_mcp_settings.json`,
  ],
  [
    "roo",
    "~/.config/Code/User/globalStorage/rooveterinaryinc.roo-cline/settings/mcp_settings.json",
    "~/Library/Application Support/Code/User/globalStorage/rooveterinaryinc.roo-cline/settings/mcp_settings.json",
    String.raw`~\AppData\Roaming\Code\User\globalStorage\rooveterinaryinc.roo-cline\settings\mcp_settings.json`,
  ],
  ["continue", "~/.continue/config.yaml", "~/.continue/config.yaml", String.raw`~\.continue\config.yaml`],
  [
    "opencode",
    "~/.config/opencode/opencode.json",
    "~/.config/opencode/opencode.json",
    String.raw`~\.config\opencode\opencode.json`,
  ],
  [
    "goose",
    "~/.config/goose/config.yaml",
    "~/.config/goose/config.yaml",
    String.raw`~\AppData\Roaming\Block\goose\config\config.yaml`,
  ],
  ["lm-studio", "~/.lmstudio/mcp.json", "~/.lmstudio/mcp.json", String.raw`~\.lmstudio\mcp.json`],
  ["copilot-cli", "~/.copilot/mcp-config.json", "~/.copilot/mcp-config.json", String.raw`~\.copilot\mcp-config.json`],
  [
    "jetbrains",
    "~/.config/github-copilot/intellij/mcp.json",
    "~/.config/github-copilot/intellij/mcp.json",
    String.raw`~\AppData\Local\github-copilot\intellij\mcp.json`,
  ],
  ["inspector", "~/.mcp-inspector/mcp.json", "~/.mcp-inspector/mcp.json", String.raw`~\.mcp-inspector\mcp.json`],
] as const)("%s: the file of the user on Linux, macOS and Windows", (name, linux, darwin, win32) => {
  const pathOn = (platform: string): string | undefined => clients[name].userFile?.(place(platform));
  expect([pathOn("linux"), pathOn("darwin"), pathOn("win32")]).toEqual([
    linux.replace("~", "/home/ada"),
    darwin.replace("~", "/home/ada"),
    win32.replace("~", String.raw`D:\home\ada`),
  ]);
});

test("follows the variables that move the folder of a client", () => {
  const env = { XDG_CONFIG_HOME: "/x", CLAUDE_CONFIG_DIR: "/c", CODEX_HOME: "/d", APPDATA: String.raw`D:\Roaming` };
  const path = (name: "vscode" | "claude-code" | "codex", platform = "linux") =>
    clients[name].userFile?.(place(platform, env));
  expect([path("vscode"), path("claude-code"), path("codex"), path("vscode", "win32")]).toEqual([
    "/x/Code/User/mcp.json",
    "/c/.claude.json",
    "/d/config.toml",
    String.raw`D:\Roaming\Code\User\mcp.json`,
  ]);
  expect(clients.zed.userFile?.(place("linux", { XDG_CONFIG_HOME: "relative" }))).toBe(
    "/home/ada/.config/zed/settings.json",
  );
});

test.each([
  ["a share", String.raw`\\files\homes\ada`, {}, String.raw`\\files\homes\ada\AppData\Roaming`],
  ["the root of a drive", "D:\\", {}, String.raw`D:\AppData\Roaming`],
  ["slashes, a space and an umlaut", "C:/home/Ada Löwe/", {}, String.raw`C:\home\Ada Löwe\AppData\Roaming`],
  ["APPDATA on a share", String.raw`C:\home\ada`, { APPDATA: "//files/ada" }, String.raw`\\files\ada`],
  [
    "no APPDATA that is relative to a drive",
    String.raw`C:\home\ada`,
    { APPDATA: "D:ada" },
    String.raw`C:\home\ada\AppData\Roaming`,
  ],
  ["no relative APPDATA", String.raw`C:\home\ada`, { APPDATA: "ada" }, String.raw`C:\home\ada\AppData\Roaming`],
])("on Windows, follows %s", (_, USERPROFILE, env, roaming) => {
  const on = place("win32", { USERPROFILE, ...env });
  expect(clients["claude-desktop"].userFile?.(on)).toBe(String.raw`${roaming}\Claude\claude_desktop_config.json`);
  expect(clients.goose.userFile?.(on)).toBe(String.raw`${roaming}\Block\goose\config\config.yaml`);
});

test("on Windows, follows the variables of single clients", () => {
  const env = { LOCALAPPDATA: "E:/Local", CODEX_HOME: String.raw`E:\codex`, COPILOT_HOME: String.raw`\\files\copilot` };
  const path = (name: "jetbrains" | "codex" | "copilot-cli") => clients[name].userFile?.(place("win32", env));
  expect([path("jetbrains"), path("codex"), path("copilot-cli")]).toEqual([
    String.raw`E:\Local\github-copilot\intellij\mcp.json`,
    String.raw`E:\codex\config.toml`,
    String.raw`\\files\copilot\mcp-config.json`,
  ]);
});

test("the files of a project", () => {
  const files = CLIENT_NAMES.flatMap((name) => {
    const file = clients[name].projectFile?.(server);
    return file === undefined ? [] : [`${name} ${file}`];
  });
  expect(files).toEqual([
    "claude-code .mcp.json",
    "vscode .vscode/mcp.json",
    "cursor .cursor/mcp.json",
    "codex .codex/config.toml",
    "gemini .gemini/settings.json",
    "roo .roo/mcp.json",
    "continue .continue/mcpServers/notes.yaml",
    "opencode opencode.json",
    "copilot-cli .github/mcp.json",
  ]);
});

test("needs a home folder", () => {
  expect(() => resolvePlace({}, "linux")).toThrow(expect.objectContaining({ code: "USAGE" }) as Error);
  expect(() => resolvePlace({ HOME: "/home/ada" }, "win32")).toThrow(/USERPROFILE is not set/);
  expect(() => resolvePlace({ HOME: "relative" }, "linux")).toThrow(/HOME is not set/);
  expect(() => resolvePlace({ USERPROFILE: "C:ada" }, "win32")).toThrow(/USERPROFILE is not set/);
});
