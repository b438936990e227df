import type { Redact } from "../mcp/redact.ts";
import type { Greeting } from "../mcp/conversation.ts";
import type { Report } from "./report.ts";

/** Returns the server's name and version, and the protocol versions it speaks to a valid key. */
export function introduce(greetings: readonly Greeting[], redact: Redact): Pick<Report, "server" | "eras"> {
  const [{ name, version = "" } = {}] = greetings;
  return {
    ...(name === undefined ? {} : { server: { name: redact(name, 100), version: redact(version, 100) } }),
    eras: greetings.map(({ era, protocolVersion }) => ({ era, protocolVersion: redact(protocolVersion, 32) })),
  };
}
