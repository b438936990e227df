import { parsePeppers } from "../../core/digest.ts";
import { formatDuration } from "../../core/duration.ts";
import type { Verdict } from "../../core/judge.ts";
import { estimateBits, MIN_OPAQUE_BITS } from "../../core/opaque.ts";
import { endOf, EXPIRING_WITHIN } from "../../core/status.ts";
import { parseToken } from "../../core/token.ts";
import { explainUnusable } from "../../core/unusable.ts";
import { checkToken } from "../../keys/check.ts";
import type { Diagnostic, Observation } from "../finding.ts";
import { orNull } from "../context.ts";
import type { DiagnosticContext } from "../context.ts";

export const apiKey: Diagnostic = {
  about: "the token in MCP_API_KEY",
  exit: 4,
  async run(context) {
    const token = context.world.env["MCP_API_KEY"];
    if (token === undefined) return [{ status: "info", observed: "MCP_API_KEY is not set" }];
    if (token === "") return [{ status: "info", observed: "MCP_API_KEY is empty, which is as if it were not set" }];
    const fault = explainUnusable(token);
    if (fault !== null) return [{ status: "fail", observed: `MCP_API_KEY ${fault}`, fix: fixOf(token) }];
    if (!parseToken(token).ok && estimateBits(token) < MIN_OPAQUE_BITS) {
      const observed = "MCP_API_KEY is no token of mcp-keys, and can be guessed: it holds less than 128 random bits";
      return [{ status: "fail", observed, fix: "mcp-keys generate" }];
    }
    const verdict = await orNull(() => ask(context, token));
    if (verdict === null) {
      return [
        { status: "info", observed: "MCP_API_KEY has the form of a token; the store could not be asked about it" },
      ];
    }
    return [verdict.ok ? judgeEnd(verdict, context.now) : judgeRefusal(verdict)];
  },
};

async function ask({ world, openStore, now }: DiagnosticContext, token: string): Promise<Verdict> {
  const peppers = parsePeppers(world.env["MCP_KEYS_PEPPER"]);
  return checkToken(await openStore(), peppers, token, { now });
}

function judgeEnd({ key, version }: Extract<Verdict, { ok: true }>, now: number): Observation {
  const whose = `MCP_API_KEY is the token of ${key.name}, version ${String(version.n)}`;
  const left = endOf(version) - now;
  if (left === Infinity) return { status: "pass", observed: `${whose}, which never expires` };
  const observed = `${whose}, which works for ${formatDuration(left)} more`;
  if (left >= EXPIRING_WITHIN) return { status: "pass", observed };
  if (version.state === "retiring") {
    return { status: "warn", observed: `${observed}: it was replaced`, fix: "set MCP_API_KEY to the newer token" };
  }
  return { status: "warn", observed, fix: `mcp-keys rotate ${key.name}` };
}

function judgeRefusal({ reason, key, version }: Extract<Verdict, { ok: false }>): Observation {
  if (key === undefined || version === undefined) {
    const form =
      reason === "malformed" ? "is no token of mcp-keys, and unknown" : "has the form of a token, and is unknown";
    const fix = "if it is of another store, name that one with --store; else: mcp-keys generate";
    return { status: "warn", observed: `MCP_API_KEY ${form} to this store`, fix };
  }
  const observed = `MCP_API_KEY is the token of ${key.name}, version ${String(version.n)}, which is refused: ${reason}`;
  const isLast = key.versions.every(({ state }) => state === "revoked");
  const fix =
    reason === "disabled"
      ? `mcp-keys enable ${key.name}`
      : isLast
        ? "mcp-keys generate"
        : `mcp-keys rotate ${key.name}`;
  return { status: "fail", observed, fix };
}

/** What to do about the slips that {@link explainUnusable} finds. */
function fixOf(token: string): string {
  if (/\$\{|^\$|^%|^\{env:/.test(token)) {
    return "whoever set it expands no variables, or names them in another way; set the token itself";
  }
  if (/bearer/i.test(token)) return "set the token alone; whoever sends it puts Bearer before it";
  if (/["'`]/.test(token)) return "take the quotes away where it is set; docker --env-file keeps them";
  if (/\s/.test(token)) return "set it once more, without blanks and line breaks";
  return "copy it once more from where it was kept, or issue another one: mcp-keys rotate <key>";
}
