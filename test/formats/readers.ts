import { parse as parseDotenv } from "dotenv";
import type { FormatName } from "../../src/formats/index.ts";
import { evaluator, program, rule, type Reader } from "./reader.ts";

function match(text: string, pattern: RegExp): readonly [string, string] {
  const [, name = "", value = ""] = pattern.exec(text) ?? [];
  return [name, value];
}

/** docker/cli, `opts/file.go`: the value is everything from the first `=` to the end of the line, unchanged. */
const docker = rule((text) => match(text, /^([^\s=#]+)=(.*)\n$/));

/** PowerShell's `ScanStringLiteral`: each of the five single quotes ends the string, unless it is doubled. */
const powershell = rule((text) => {
  const [name, quoted] = match(text, /^\$env:(\w+) = '(.*)'\n$/);
  if (/(?<!['‘’‚‛])(['‘’‚‛]{2})*['‘’‚‛](?!['‘’‚‛])/.test(quoted)) return [name, "ended early"];
  return [name, quoted.replaceAll(/(['‘’‚‛])['‘’‚‛]/g, "$1")];
});

/** cmd.exe: from `set "` to the last `"`, after `%` and `!` are expanded. */
const cmd = rule((text) => match(text, /^set "(\w+)=([^"%!]*)"\n$/));

/** Nushell's lexer: `'…'` cannot contain `'`; `r#'…'#` ends at the first `'` followed by the opening number of `#`. */
const nushell = rule((text) => {
  const [name, value] = match(text, /^\$env\.(\w+) = (.*)\n$/);
  if (value.startsWith("'")) return match(value, /^(')([^']*)'$/).with(0, name) as [string, string];
  const hashes = /^r(#+)'/.exec(value)?.[1] ?? "none";
  const inner = value.slice(hashes.length + 2);
  const end = inner.indexOf(`'${hashes}`);
  return [name, end === inner.length - hashes.length - 1 ? inner.slice(0, end) : "ended early"];
});

/** systemd, `src/basic/env-file.c`: in double quotes `\` escapes `"`, `\`, a backtick and `$`; before other characters it is kept. */
const systemd = rule((text) => {
  const [name, quoted] = match(text, /^#[^\n]*\n(\w+)="(.*)"\n$/);
  if (/(?<!\\)(\\\\)*"/.test(quoted)) return [name, "ended early"];
  return [name, quoted.replaceAll(/\\(["\\`$])/g, "$1")];
});

/** YAML 1.2: a JSON string is a string. The rest of the manifest is fixed. */
const kubernetes = rule((text) => {
  const manifest =
    /^apiVersion: v1\nkind: Secret\nmetadata:\n {2}name: ("[^\n]*")\ntype: Opaque\nstringData:\n {2}("[^\n]*?"): ("[^\n]*")\n$/;
  const [, , name, value] = manifest.exec(text) ?? [];
  return [JSON.parse(name ?? '""'), JSON.parse(value ?? '""')];
});

/** The readers of each format. Debian has no PowerShell, cmd.exe or Nushell, so a rule replaces them. */
export const readers = {
  token: { "a line": { read: async (snippets) => byName(snippets, (text) => text.slice(0, -1)) } },
  shell: {
    sh: evaluator("sh"),
    bash: evaluator("bash"),
    "bash as sh": evaluator("bash", ["--posix"]),
    dash: evaluator("dash"),
    zsh: evaluator("zsh", ["-f"]),
    "zsh with RC_QUOTES": evaluator("zsh", ["-f", "-o", "rcquotes"]),
    busybox: evaluator("busybox", ["sh"]),
  },
  fish: { fish: program("fish", (file) => ["--no-config", "-c", `cat '${file}' | source; env -0`]) },
  powershell: { "the rule of PowerShell": powershell },
  cmd: { "the rule of cmd.exe": cmd },
  nushell: { "the rule of Nushell": nushell },
  dotenv: {
    "node --env-file": program("node", (file) => [
      `--env-file=${file}`,
      "-e",
      String.raw`process.stdout.write(Object.entries(process.env).map(([k, v]) => k + "=" + v).join("\0"))`,
    ]),
    "the dotenv package": { read: async (snippets) => parseDotenv(snippets.map(({ text }) => text).join("")) },
    "source of sh": program("sh", (file) => ["-c", `set -a; . '${file}'; env -0`]),
  },
  json: { "JSON.parse": rule((text) => Object.entries<string>(JSON.parse(text))[0]!) },
  docker: { "the rule of docker run --env-file": docker },
  systemd: { "the rule of systemd": systemd },
  kubernetes: { "the rule of YAML": kubernetes },
  "github-actions": {
    "a step": program("bash", (file) => [
      "-e",
      "-c",
      `export GITHUB_ENV='${file}.env'; eval "$(cat '${file}')" >/dev/null; tr '\\n' '\\0' <"$GITHUB_ENV"; env -0`,
    ]),
  },
} as const satisfies Record<FormatName, Readonly<Record<string, Reader>>>;

function byName(
  snippets: readonly { envName: string; text: string }[],
  value: (text: string) => string,
): Record<string, string> {
  return Object.fromEntries(snippets.map(({ envName, text }) => [envName, value(text)]));
}
