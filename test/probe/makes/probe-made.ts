import { createHttpRequest } from "../../../src/http/client.ts";
import { Secret } from "../../../src/core/secret.ts";
import { parseKeyHeader, type KeyHeader } from "../../../src/probe/mcp/key-header.ts";
import { probeServer } from "../../../src/probe/probe.ts";
import { createRandomText } from "../../../src/probe/random-text.ts";
import type { Report } from "../../../src/probe/report/report.ts";
import { systemNow, systemRandom, systemTicks } from "../../../src/world.ts";
import type { MadeServer } from "./make.ts";

/** Runs every check, as `mcp-keys test` does, but for its store. */
export function probeMade(server: MadeServer, rate: number): Promise<Report> {
  const { url, key, tool = "greet", request = createHttpRequest() } = server;
  return probeServer({
    ...{ url, request, tool, rate, header: headerOf(server), key: new Secret(key) },
    now: systemTicks,
    epoch: systemNow,
    random: createRandomText(systemRandom),
    clientVersion: "0.0.0-test",
  });
}

export function headerOf({ header }: MadeServer): KeyHeader | undefined {
  return header === undefined ? undefined : parseKeyHeader(header);
}
