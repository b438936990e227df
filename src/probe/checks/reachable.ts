import { KeysError } from "../../errors.ts";
import { certificateFault, NOT_ASKED_FOR_CERTIFICATE } from "../judge/certificate.ts";
import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";
import { kindOf } from "../mcp/answer-kind.ts";

export const reachable: Check = {
  id: "reachable",
  group: "transport",
  about: "conformance",
  level: "must",
  expected: "speaks MCP at this URL",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http"),
  fix: "start the server, and check the host, port and path of the URL; MCP servers often answer at /mcp",
  cost: { requests: 0, wrong: 0 },
  run({ survey, redact }) {
    const { real, greetings, absent } = survey;
    if (certificateFault(real) !== null) {
      return Promise.resolve(untestable(NOT_ASKED_FOR_CERTIFICATE));
    }
    if (real instanceof KeysError) return Promise.resolve(fail(redact(real.message)));
    const [first] = greetings;
    if (first !== undefined) return Promise.resolve(pass(`MCP ${redact(first.protocolVersion, 32)}`));
    const status = String(real.answer.status);
    return Promise.resolve(absent ? fail(`${status}, but not MCP`) : pass(`${status} (${kindOf(real.answer)})`));
  },
};
