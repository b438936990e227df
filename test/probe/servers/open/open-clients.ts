import type { BrokenServer } from "../broken.ts";
import { skipping } from "./skipping.ts";

const CLIENT = "requires-key-for-every-client";
const PROXY = "rejects-proxy-headers";
const INSPECTOR = "http://localhost:6274";

const CLIENTS = skipping(
  CLIENT,
  [
    [
      "lets the probes of Kubernetes through",
      /kube-probe/,
      (headers) => headers["user-agent"]?.startsWith("kube-probe") === true,
    ],
    [
      "lets the health checks of Google through",
      /GoogleHC/,
      (headers) => (headers["user-agent"] ?? "").startsWith("GoogleHC"),
    ],
    [
      "lets the health checks of AWS through",
      /ELB-HealthChecker/,
      (headers) => headers["user-agent"]?.includes("ELB-HealthChecker") === true,
    ],
    ["lets a cookie through that it cannot decode", /cookie mcp=%E0/, ({ cookie = "" }) => !isDecodable(cookie)],
    ["lets crawlers through", /Googlebot/, (headers) => /googlebot/i.test(headers["user-agent"] ?? "")],
    [
      "lets the MCP Inspector through",
      /mcp-inspector/,
      (headers) => headers["user-agent"]?.includes("mcp-inspector") === true,
    ],
    ["trusts its own Origin", /Origin: http/, (headers) => headers["origin"] === `http://${headers["host"] ?? ""}`],
    [
      "trusts its own pages as the Referer",
      /Referer: http/,
      (headers) => headers["referer"]?.startsWith(`http://${headers["host"] ?? ""}`) === true,
    ],
    ["trusts XMLHttpRequest", /X-Requested-With/, (headers) => headers["x-requested-with"] === "XMLHttpRequest"],
    [
      "trusts Sec-Fetch-Site: same-origin",
      /Sec-Fetch-Site: same-origin/,
      (headers) => headers["sec-fetch-site"] === "same-origin",
    ],
    [
      "trusts a cookie that says admin",
      /cookie admin=true/,
      (headers) => /(?:^|; )admin=true/.test(headers["cookie"] ?? ""),
    ],
    [
      "trusts a cookie that says logged in",
      /cookie logged_in=true/,
      (headers) => (headers["cookie"] ?? "").includes("logged_in=true"),
    ],
  ],
  { knowsOrigin: ({ headers }) => [undefined, `http://${headers.host ?? ""}`].includes(headers.origin) },
);

const INSPECTORS = skipping(
  CLIENT,
  [["takes the page of the MCP Inspector for a user", /localhost:6274/, ({ origin }) => origin === INSPECTOR]],
  { knowsOrigin: ({ headers }) => [undefined, INSPECTOR].includes(headers.origin) },
);

const FILES = skipping(
  CLIENT,
  [["takes the Origin null for a local file", /Origin: null/, (headers) => headers["origin"] === "null"]],
  { knowsOrigin: ({ headers }) => [undefined, "null"].includes(headers.origin) },
).map((one): BrokenServer => ({ ...one, caught: [CLIENT, "rejects-foreign-origin"] }));

const PROXIES = skipping(PROXY, [
  ["trusts X-Internal", /X-Internal: true/, (headers) => headers["x-internal"] === "true"],
  ["has a debug mode in a header", /X-Debug: 1/, (headers) => headers["x-debug"] === "1"],
  ["lets tests skip its guard", /X-Skip-Auth/, (headers) => headers["x-skip-auth"] !== undefined],
  [
    "trusts the mark of Envoy for internal requests",
    /X-Envoy-Internal/,
    (headers) => headers["x-envoy-internal"] === "true",
  ],
  [
    "trusts the mark of App Engine for cron jobs",
    /X-Appengine-Cron/,
    (headers) => headers["x-appengine-cron"] === "true",
  ],
  [
    "trusts a gateway that names itself",
    /X-Service-Name: gateway/,
    (headers) => headers["x-service-name"] === "gateway",
  ],
  [
    "has a switch for its key in X-Mcp-Proxy-Auth",
    /X-Mcp-Proxy-Auth: disabled/,
    (headers) => headers["x-mcp-proxy-auth"] === "disabled",
  ],
  [
    "trusts a client certificate that a proxy says it checked",
    /X-SSL-Client-Verify/,
    (headers) => headers["x-ssl-client-verify"] === "SUCCESS",
  ],
  [
    "trusts the leftmost address of X-Forwarded-For",
    /X-Forwarded-For: 10\.0\.0\.1/,
    (headers) => headers["x-forwarded-for"]?.startsWith("10.") === true,
  ],
  [
    "looks whether there is a key and trusts its gateway for the rest",
    /bogus key and X-From-Gateway/,
    (headers) => headers["authorization"] !== undefined && headers["x-from-gateway"] === "true",
  ],
  [
    "trusts two headers that its gateway sets together",
    /X-Auth-Verified: true together with X-User-Id: 1|X-User-Id: 1 together with X-Auth-Verified: true/,
    (headers) => headers["x-auth-verified"] === "true" && headers["x-user-id"] === "1",
  ],
  [
    "trusts addresses of home networks",
    /X-Forwarded-For: 192\.168\.1\.1/,
    (headers) => headers["x-forwarded-for"]?.startsWith("192.168.") === true,
  ],
  ["trusts addresses of Docker", /X-Real-IP: 172\.16/, (headers) => /^172\.1[6-9]\./.test(headers["x-real-ip"] ?? "")],
  [
    "trusts carrier-grade NAT",
    /X-Client-IP: 100\.64/,
    (headers) => (headers["x-client-ip"] ?? "").startsWith("100.64."),
  ],
  ["trusts the loopback address of IPv6", /for="\[::1\]"/, ({ forwarded = "" }) => forwarded.includes("[::1]")],
  [
    "trusts clients that call themselves internal",
    /X-Client: internal/,
    (headers) => headers["x-client"] === "internal",
  ],
  ["trusts an environment that a header names", /X-Env: admin/, (headers) => headers["x-env"] === "admin"],
  [
    "looks at the key in X-API-Key only if it is in Authorization too",
    /X-API-Key: /,
    (headers) => headers["authorization"] === undefined && headers["x-api-key"] !== undefined,
  ],
  [
    "takes the method from a header, and guards POST",
    /X-HTTP-Method-Override: GET/,
    (headers) => headers["x-http-method-override"] === "GET",
  ],
]);

const INTERNAL_HOSTS = skipping(
  PROXY,
  [["requires no key at its internal name", /Host: mcp\.internal/, (headers) => headers["host"] === "mcp.internal"]],
  { knowsHost: ({ headers: { host = "" } }) => /^(127\.0\.0\.1|localhost|mcp\.internal)(:\d+)?$/.test(host) },
);

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** Servers that believe what a client or a proxy says. */
export const OPEN_CLIENTS: readonly BrokenServer[] = [
  ...CLIENTS,
  ...FILES,
  ...INSPECTORS,
  ...PROXIES,
  ...INTERNAL_HOSTS,
];
