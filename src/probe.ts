import { Secret } from "./core/secret.ts";
import { packageVersion } from "./package-version.ts";
import type { ProbeServerOptions } from "./probe/probe.ts";
import type { Report } from "./probe/report/report.ts";
import { systemNow, systemRandom, systemTicks } from "./world.ts";

type Chosen =
  | "tool"
  | "lab"
  | "timeoutMs"
  | "rate"
  | "concurrency"
  | "only"
  | "skip"
  | "strict"
  | "allowHttp"
  | "baseline"
  | "signal"
  | "onPlan"
  | "onFinding";

/**
 * What {@link probe} is told.
 * @example
 * ```ts
 * import type { ProbeOptions } from "mcp-keys";
 *
 * const options: ProbeOptions = {
 *   url: "https://host.example/mcp",
 *   key: process.env["MCP_API_KEY"] ?? "",
 *   header: "X-API-Key",
 *   rate: 5,
 * };
 * ```
 */
export interface ProbeOptions extends Pick<ProbeServerOptions, Chosen> {
  /** Where the server answers MCP. */
  readonly url: string;
  /** A key that the server should let in. It is sent to the origin of `url` alone. */
  readonly key: Secret | string;
  /** Another key that it should let in, for what only two clients can show. */
  readonly secondKey?: Secret | string;
  /** The header that takes the key alone, such as `X-API-Key`, or `Authorization: ApiKey`. Default `Authorization: Bearer`. */
  readonly header?: string;
  /** Certificates to trust instead of the usual ones, as PEM. */
  readonly ca?: string;
}

/**
 * Tests a running MCP server as `mcp-keys test` does: tries every way in, with the right key and with everything else. Whatever the
 * server does is a finding of the report and no fault; `ok` says whether its door is shut, `proven` whether that could be told.
 * @throws `KeysError` `USAGE` for an address that cannot be used, a check that does not exist, or no header for a key;
 * `INSECURE_TRANSPORT`, `TOKEN_UNUSABLE`, `INTERRUPTED`
 * @example
 * ```ts
 * import { probe } from "mcp-keys";
 *
 * const report = await probe({ url: "https://host.example/mcp", key: process.env["MCP_API_KEY"] ?? "" });
 * for (const { id, status, fix } of report.findings) if (status === "fail") console.error(`${id}: ${fix}`);
 * process.exitCode = report.ok ? 0 : 8;
 * ```
 */
export async function probe({ url, key, secondKey, header, ca, ...options }: ProbeOptions): Promise<Report> {
  // A server that guards itself never needs it.
  const [{ probeServer }, { parseKeyHeader }, { createRandomText }, { createHttpRequest }] = await Promise.all([
    import("./probe/probe.ts"),
    import("./probe/mcp/credentials.ts"),
    import("./probe/random-text.ts"),
    import("./http/client.ts"),
  ]);
  return probeServer({
    ...options,
    url,
    key: toSecret(key),
    secondKey: secondKey === undefined ? undefined : toSecret(secondKey),
    header: header === undefined ? undefined : parseKeyHeader(header),
    request: createHttpRequest({ ca }),
    now: systemTicks,
    epoch: systemNow,
    random: createRandomText(systemRandom),
    clientVersion: packageVersion,
  });
}

function toSecret(key: Secret | string): Secret {
  return typeof key === "string" ? new Secret(key) : key;
}
