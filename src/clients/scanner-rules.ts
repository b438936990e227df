import { CHECKSUM_LENGTH, ID_LENGTH, SECRET_LENGTH } from "../core/token.ts";
import type { ScannerName } from "./names.ts";

/**
 * A rule of each scanner for tokens with a prefix, ending with one line break. A regular expression cannot check the checksum; the
 * lengths are enough. Only syntax that JavaScript, RE2 (gitleaks) and Hyperscan (GitHub) share.
 */
export const scannerRules: Readonly<Record<ScannerName, (prefix: string) => string>> = {
  /** The keyword is a quick filter in lower case. @see https://github.com/gitleaks/gitleaks#configuration */
  gitleaks: (prefix) => `# for .gitleaks.toml
[extend]
useDefault = true

[[rules]]
id = "mcp-keys-${prefix.replaceAll("_", "-")}"
description = "API key with the prefix ${prefix}, issued by mcp-keys"
regex = '${boundedPattern(prefix)}'
keywords = ["${prefix}_"]
`,
  /** @see https://github.com/secretlint/secretlint/blob/master/docs/rules/pattern.md */
  secretlint: (prefix) => {
    const patterns = [{ name: `API key of mcp-keys (${prefix})`, patterns: [`/${boundedPattern(prefix)}/`] }];
    const rules = [{ id: "@secretlint/secretlint-rule-pattern", options: { patterns } }];
    return `${JSON.stringify({ rules }, null, 2)}\n`;
  },
  /** The fields of the form. @see https://docs.github.com/en/code-security/reference/secret-security/custom-patterns */
  "github-custom-pattern": (prefix) => `Pattern name: API key of mcp-keys (${prefix})
Secret format: ${tokenPattern(prefix)}
Before secret: \\A|[^0-9A-Za-z]
After secret: \\z|[^0-9A-Za-z]
Test string: ${prefix}_${"0".repeat(ID_LENGTH)}_${"0".repeat(TAIL)}
`,
};

const TAIL = SECRET_LENGTH + CHECKSUM_LENGTH;

/** A prefix has no character with a meaning in a regular expression. */
function tokenPattern(prefix: string): string {
  return `${prefix}_[0-9A-Za-z]{${String(ID_LENGTH)}}_[0-9A-Za-z]{${String(TAIL)}}`;
}

/** Any text may precede a token, for example the `\n` of a string in code. */
function boundedPattern(prefix: string): string {
  return String.raw`${tokenPattern(prefix)}\b`;
}
