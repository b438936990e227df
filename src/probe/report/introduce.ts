import type { Redact } from "../mcp/redact.ts";
import type { Greeting } from "../mcp/conversation.ts";
import type { Report } from "./report.ts";

/** Who the server says it is, and what it speaks to the key. */
export function introduce(spoken: readonly Greeting[], redact: Redact): Pick<Report, "server" | "eras"> {
  const [{ name, version = "" } = {}] = spoken;
  return {
    ...(name === undefined ? {} : { server: { name: redact(name, 100), version: redact(version, 100) } }),
    eras: spoken.map(({ era, protocolVersion }) => ({ era, protocolVersion: redact(protocolVersion, 32) })),
  };
}
