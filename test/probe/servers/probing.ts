import { createHash } from "node:crypto";
import { createHttpRequest } from "../../../src/http/client.ts";
import { probeServer, type ProbeServerOptions } from "../../../src/probe/probe.ts";
import type { Report } from "../../../src/probe/report/report.ts";
import { TOKEN } from "../verify/verifying.ts";

/** Runs every check with the real HTTP client and hardly any rate limit. */
export function probeAt(url: string, more: Partial<ProbeServerOptions> = {}): Promise<Report> {
  let count = 0;
  return probeServer({
    url,
    key: TOKEN,
    request: createHttpRequest(),
    now: () => performance.now(),
    epoch: () => Math.floor(Date.now() / 1000),
    random: (length) => noise(count++).slice(0, length),
    clientVersion: "0.0.0-test",
    timeoutMs: 5000,
    rate: 100_000,
    ...more,
  });
}

/** Returns reproducible characters that look random, so no two keys share a piece by chance. */
function noise(seed: number): string {
  const digest = createHash("sha512").update(String(seed)).digest("base64");
  return digest.replace(/[^0-9A-Za-z]/g, "");
}

/** Noted about nearly every server. */
export const USUAL = "limits-wrong-keys";

/** Returns the ids of the findings that are neither passed nor untestable, without {@link USUAL}. */
export function caughtIn({ findings }: Report): string[] {
  const caught = findings.filter(({ status }) => status !== "pass" && status !== "untestable");
  return caught.map(({ id }) => id).filter((id) => id !== USUAL);
}
