import type { Clean } from "../mcp/redact.ts";
import type { Greeting } from "../mcp/conversation.ts";
import type { Report } from "./report.ts";

/** Who the server says it is, and what it speaks to the key. */
export function introduce(spoken: readonly Greeting[], clean: Clean): Pick<Report, "server" | "eras"> {
  const [{ name, version = "" } = {}] = spoken;
  return {
    ...(name === undefined ? {} : { server: { name: clean(name, 100), version: clean(version, 100) } }),
    eras: spoken.map(({ era, protocolVersion }) => ({ era, protocolVersion: clean(protocolVersion, 32) })),
  };
}
