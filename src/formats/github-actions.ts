import type { Format } from "./format.ts";
import { type CharacterClass, revealFor } from "./reveal.ts";

const REFUSED: CharacterClass[] = ["a single quote", "a percent sign", "a space at its start or end"];

/**
 * Shell text for a `run:` step to evaluate. It masks the token in the log, exports it, and passes it to later steps through
 * `$GITHUB_ENV`. Two common mistakes are harmless:
 * - If it is printed to the log instead of evaluated, the line with the token is itself the mask command.
 * - If it is appended to `$GITHUB_ENV`, the runner stops at the first line, before the token.
 *
 * `%` is an escape in a mask command and `'` would end the quotes, so both are refused.
 * @see https://docs.github.com/actions/reference/workflow-commands-for-github-actions#masking-a-value-in-a-log
 */
export const githubActions: Format = {
  summary: 'a run: step with bash: eval "$(mcp-keys … --format github-actions)"',
  render: ({ token, envName }) =>
    [
      '# not for a file: eval "$(mcp-keys export --format github-actions)"',
      `${envName}='`,
      `::add-mask::${revealFor("a workflow command", token, REFUSED)}`,
      "'",
      `printf %s "$${envName}"`,
      `${envName}="\${${envName}#?::add-mask::}"`,
      `export ${envName}="\${${envName}%?}"`,
      `printf '${envName}=%s\\n' "$${envName}" >> "\${GITHUB_ENV:?is set in GitHub Actions only}"`,
      "",
    ].join("\n"),
};
