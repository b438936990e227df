import { FLAG, FUNCTION, readOptions, TEXT, TEXTS, type Rule, type Rules } from "./core/options.ts";
import { isCount, isObject } from "./core/type-guards.ts";
import { Secret } from "./core/secret.ts";
import { packageVersion } from "./package-version.ts";
import type { ProbeServerOptions } from "./probe/probe.ts";
import type { Report } from "./probe/report/report.ts";
import { systemNow, systemRandom, systemTicks } from "./world.ts";

type PublicOptions =
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
 * Options of {@link probe}.
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
export interface ProbeOptions extends Pick<ProbeServerOptions, PublicOptions> {
  /** URL of the MCP endpoint. */
  readonly url: string;
  /** A key that the server should accept. Sent only to the origin of `url`. */
  readonly key: Secret | string;
  /** Another key that the server should accept, for checks that need two clients. */
  readonly secondKey?: Secret | string;
  /**
   * Header that carries the key: `X-API-Key` or `Authorization:` for the key alone, `X-Proxy-Auth: Bearer` for a scheme before it.
   * Default: `Authorization: Bearer`.
   */
  readonly header?: string;
  /** Certificates to trust instead of the default ones, as PEM. */
  readonly ca?: string;
}

const KEY: Rule = {
  what: "a string or a Secret",
  is: (value) => TEXT.is(value) || value instanceof Secret,
  hint: "pass the key alone, without Bearer",
};
const ABOVE_ZERO: Rule = {
  what: "a number above 0",
  is: (value) => typeof value === "number" && value > 0 && value < Infinity,
};
const COUNT: Rule = { what: "a whole number above 0", is: (value) => isCount(value) && value > 0 };
const OBJECT: Rule = { what: "an object", is: isObject };
const RULES: Rules<ProbeOptions> = {
  ...{ url: { ...TEXT, required: true }, key: { ...KEY, required: true }, secondKey: KEY, header: TEXT, ca: TEXT },
  ...{ tool: TEXT, lab: OBJECT, timeoutMs: ABOVE_ZERO, rate: ABOVE_ZERO, concurrency: COUNT, only: TEXTS, skip: TEXTS },
  ...{ strict: FLAG, allowHttp: FLAG, baseline: OBJECT, signal: OBJECT, onPlan: FUNCTION, onFinding: FUNCTION },
};

/**
 * Tests a running MCP server like `mcp-keys test`: presents the valid key, and everything that the server should refuse.
 * Problems of the server are findings, not errors.
 * @returns the report; `ok` if the server is protected, `proven` if the run could tell
 * @throws `KeysError` `USAGE` for an unusable URL, an unknown check or an unusable header; `TOKEN_MISPLACED` for a header with a key;
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
export async function probe(options: ProbeOptions): Promise<Report> {
  const { url, key, secondKey, header, ca, ...given } = readOptions<ProbeOptions>("probe", options, RULES);
  // Loaded on first use, because servers do not need it.
  const [{ probeServer }, { parseKeyHeader }, { createRandomText }, { createHttpRequest }] = await Promise.all([
    import("./probe/probe.ts"),
    import("./probe/mcp/key-header.ts"),
    import("./probe/random-text.ts"),
    import("./http/client.ts"),
  ]);
  return probeServer({
    ...given,
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
