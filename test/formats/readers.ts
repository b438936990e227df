import { parse as parseDotenv } from "dotenv";
import type { FormatName } from "../../src/formats/index.ts";
import { evaluator, program, rule, type Reader } from "./reader.ts";

function match(text: string, pattern: RegExp): readonly [string, string] {
  const [, name = "", value = ""] = pattern.exec(text) ?? [];
  return [name, value];
}

/** docker/cli, `opts/file.go`: all behind the first `=`, up to the end of the line, as it stands. */
const docker = rule((text) => match(text, /^([^\s=#]+)=(.*)\n$/));

/** PowerShell's `ScanStringLiteral`: each of the five single quotes ends the string, unless another one follows. */
const powershell = rule((text) => {
  const [name, quoted] = match(text, /^\$env:(\w+) = '(.*)'\n$/);
  if (/(?<!['‘’‚‛])(['‘’‚‛]{2})*['‘’‚‛](?!['‘’‚‛])/.test(quoted)) return [name, "ended early"];
  return [name, quoted.replaceAll(/(['‘’‚‛])['‘’‚‛]/g, "$1")];
});

/** cmd.exe: `set "` up to the last `"`; `%` and `!` would be expanded first. */
const cmd = rule((text) => match(text, /^set "(\w+)=([^"%!]*)"\n$/));

/** Nushell's lexer: `'…'` holds no `'`; `r#'…'#` ends at the first `'` followed by as many `#` as it began with. */
const nushell = rule((text) => {
  const [name, value] = match(text, /^\$env\.(\w+) = (.*)\n$/);
  if (value.startsWith("'")) return match(value, /^(')([^']*)'$/).with(0, name) as [string, string];
  const hashes = /^r(#+)'/.exec(value)?.[1] ?? "none";
  const inner = value.slice(hashes.length + 2);
  const end = inner.indexOf(`'${hashes}`);
  return [name, end === inner.length - hashes.length - 1 ? inner.slice(0, end) : "ended early"];
});

/** systemd, `src/basic/env-file.c`: between double quotes `\` keeps `"`, `\`, a backtick and `$`, and stays before all else. */
const systemd = rule((text) => {
  const [name, quoted] = match(text, /^#[^\n]*\n(\w+)="(.*)"\n$/);
  if (/(?<!\\)(\\\\)*"/.test(quoted)) return [name, "ended early"];
  return [name, quoted.replaceAll(/\\(["\\`$])/g, "$1")];
});

/** YAML 1.2: a string in the JSON way is a string. All of the manifest but the two names and the token is fixed. */
const kubernetes = rule((text) => {
  const manifest =
    /^apiVersion: v1\nkind: Secret\nmetadata:\n {2}name: ("[^\n]*")\ntype: Opaque\nstringData:\n {2}("[^\n]*?"): ("[^\n]*")\n$/;
  const [, , name, value] = manifest.exec(text) ?? [];
  return [JSON.parse(name ?? '""'), JSON.parse(value ?? '""')];
});

/** Who reads each format. PowerShell, cmd.exe and Nushell are in no Debian, so their rules stand for them. */
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
