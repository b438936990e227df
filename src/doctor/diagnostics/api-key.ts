import { parsePeppers } from "../../core/digest.ts";
import { formatDuration } from "../../core/duration.ts";
import { endOf, isUsable, type Verdict } from "../../core/judge.ts";
import { isWeak } from "../../core/opaque.ts";
import { EXPIRING_WITHIN } from "../../core/status.ts";
import { explainUnusable } from "../../core/token.ts";
import { checkToken } from "../../keys/check.ts";
import { orNull } from "../context.ts";
import type { DiagnosticContext } from "../context.ts";
import type { Diagnostic, Observation } from "../diagnostic.ts";

export const apiKey: Diagnostic = {
  about: "the token in MCP_API_KEY",
  exit: 4,
  async run(context) {
    const token = context.world.env["MCP_API_KEY"];
    if (token === undefined) return [{ status: "info", observed: "MCP_API_KEY is not set" }];
    if (token === "") return [{ status: "info", observed: "MCP_API_KEY is empty, which counts as not set" }];
    const fault = explainUnusable(token);
    if (fault !== null) return [{ status: "fail", observed: `MCP_API_KEY ${fault}`, fix: fixOf(token) }];
    if (isWeak(token)) {
      const observed = "MCP_API_KEY is not an mcp-keys token and can be guessed: it has less than 128 random bits";
      return [{ status: "fail", observed, fix: "mcp-keys generate" }];
    }
    const verdict = await orNull(() => check(context, token));
    if (verdict === null) {
      const observed = "MCP_API_KEY looks like a token, but the store cannot be read to check it";
      return [{ status: "info", observed }];
    }
    return [verdict.ok ? judgeExpiry(verdict, context.now) : judgeRefusal(verdict, context.now)];
  },
};

async function check({ world, openStore, now }: DiagnosticContext, token: string): Promise<Verdict> {
  const peppers = parsePeppers(world.env["MCP_KEYS_PEPPER"]);
  return checkToken(await openStore(), peppers, token, { now });
}

function judgeExpiry({ key, version }: Extract<Verdict, { ok: true }>, now: number): Observation {
  const whose = `MCP_API_KEY is version ${String(version.n)} of ${key.name}`;
  const left = endOf(version) - now;
  if (left === Infinity) return { status: "pass", observed: `${whose} and never expires` };
  const observed = `${whose} and works for another ${formatDuration(left)}`;
  if (left >= EXPIRING_WITHIN) return { status: "pass", observed };
  if (version.state === "retiring") {
    return { status: "warn", observed: `${observed}: it was replaced`, fix: "set MCP_API_KEY to the newer token" };
  }
  return { status: "warn", observed, fix: `mcp-keys rotate ${key.name}` };
}

function judgeRefusal({ reason, key, version }: Extract<Verdict, { ok: false }>, now: number): Observation {
  if (key === undefined || version === undefined) {
    const what = reason === "malformed" ? "is not an mcp-keys token and" : "looks like a token, but";
    const fix = "if it belongs to another store, select that with --store; otherwise: mcp-keys generate";
    return { status: "warn", observed: `MCP_API_KEY ${what} is unknown to this store`, fix };
  }
  const observed = `MCP_API_KEY is version ${String(version.n)} of ${key.name}, which is refused: ${reason}`;
  if (reason === "disabled") return { status: "fail", observed, fix: `mcp-keys enable ${key.name}` };
  if (key.versions.every(({ state }) => state === "revoked")) {
    return { status: "fail", observed, fix: `mcp-keys generate ${key.name} --replace` };
  }
  const current = key.versions.find((each) => each.state === "current" && isUsable(each, now));
  const fix =
    current === undefined ? "" : `set MCP_API_KEY to the token of version ${String(current.n)}; if it is lost: `;
  return { status: "fail", observed, fix: `${fix}mcp-keys rotate ${key.name}` };
}

/** Returns the fix for each mistake that {@link explainUnusable} finds. */
function fixOf(token: string): string {
  if (/\$\{|^\$|^%|^\{env:/.test(token)) {
    return "the program that set it does not expand variables, or uses another syntax; set the token itself";
  }
  if (/bearer/i.test(token)) return "set the token alone; the client adds Bearer";
  if (/["'`]/.test(token)) return "remove the quotes where it is set; docker --env-file keeps them";
  if (/\s/.test(token)) return "set it again without spaces and line breaks";
  return "copy it again from where it was saved, or issue a new one: mcp-keys rotate <key>";
}
