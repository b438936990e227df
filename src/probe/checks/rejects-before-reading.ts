import { causeCode } from "../mcp/cause-code.ts";
import { fail, pass, untestable } from "../check-result.ts";
import type { Check } from "../check.ts";
import type { PlannedRequest } from "../mcp/planned-request.ts";
import { NOTHING } from "../mcp/presented-key.ts";
import { refusedOpening } from "../judge/read-refusal.ts";
import type { ExchangeResult } from "../target/target.ts";

/** More than an MCP message needs. A server that limits bodies rejects it unread. */
const BYTES = 8 * 1024 * 1024;

export const rejectsBeforeReading: Check = {
  id: "rejects-before-reading",
  group: "responses",
  about: "conformance",
  level: "should",
  expected: "checks the key before it reads the body",
  source: new URL("https://cwe.mitre.org/data/definitions/408.html"),
  fix: "put the guard in front of the body parser, and limit the size of bodies",
  needs: ["accepted"],
  cost: { requests: 4, wrong: 4 },
  async run(target) {
    const refused = await refusedOpening(target);
    if ("untestable" in refused) return refused;
    const { planned, answer } = refused;
    // A multiple of the time for a refusal, and at least a second in case the server is busy.
    const patience = 1000 + 4 * answer.ms;
    const ask = (more: Partial<PlannedRequest>, timeoutMs: number): Promise<ExchangeResult> => {
      const cacheKey = `${planned.cacheKey} within ${String(timeoutMs)} ms, ${String(more.announce)} bytes`;
      return target.exchange({ ...planned, ...more, timeoutMs, cacheKey }, NOTHING);
    };
    const large = { body: planned.body?.slice(0, 16), announce: BYTES, id: undefined };
    const first = await ask(large, patience);
    if ("status" in first) return pass(`${String(first.status)} before the body was sent`);
    if (causeCode(first) !== "TIMED_OUT") return untestable(target.redact(first.message));
    const short = await ask({}, patience);
    if (!("status" in short)) return untestable("no answer in time to a short body either");
    // Again, and longer: the server may have been busy for a moment.
    const second = await ask(large, 2 * patience);
    if ("status" in second) return pass(`${String(second.status)} before the body was sent, at the second try`);
    return fail(`no answer before 8 MiB were sent, ${String(answer.status)} to a short body`);
  },
};
