import { causeCode } from "../judge/certificate.ts";
import { fail, pass, untestable } from "../check-result.ts";
import type { Check } from "../check.ts";
import { NOTHING } from "../mcp/presented-key.ts";
import { refusedOpening } from "../judge/read-refusal.ts";

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
  cost: { requests: 3, wrong: 3 },
  async run(target) {
    const refused = await refusedOpening(target);
    if ("untestable" in refused) return refused;
    const { planned, answer } = refused;
    // A multiple of the time for a refusal, and at least a second in case the server is busy.
    const timeoutMs = 1000 + 4 * answer.ms;
    const body = planned.body?.slice(0, 16);
    const large = {
      ...planned,
      ...{ body, timeoutMs },
      announce: BYTES,
      id: undefined,
      cacheKey: `${planned.cacheKey} of 8 MiB`,
    };
    const result = await target.exchange(large, NOTHING);
    if ("status" in result) return pass(`${String(result.status)} before the body was sent`);
    if (causeCode(result) !== "TIMED_OUT") return untestable(target.redact(result.message));
    const short = await target.exchange({ ...planned, timeoutMs, cacheKey: `${planned.cacheKey} once more` }, NOTHING);
    if (!("status" in short)) return untestable("no answer in time to a short body either");
    return fail(`no answer before 8 MiB were sent, ${String(answer.status)} to a short body`);
  },
};
