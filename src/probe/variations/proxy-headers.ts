import { pack } from "../mcp/pack.ts";
import type { Variation } from "../mcp/variation.ts";
import { headerVariations, withValues, type HeaderTable } from "./headers.ts";

/** One address of each kind that servers take for their own network: loopback, private, link-local, carrier-grade NAT, unspecified. */
const LOCAL = [
  "127.0.0.1",
  "10.0.0.1",
  "192.168.1.1",
  "172.16.0.1",
  "::1",
  "localhost",
  "100.64.0.1",
  "169.254.0.1",
  "0.0.0.0",
];
const ADMIN = ["admin", "1"];
const YES = ["true", "1"];

/** Headers with which a proxy tells the address of a client. */
const CLIENT_ADDRESSES = [
  ...["Forwarded", "X-Forwarded-For", "X-Forwarded", "X-Real-IP", "X-Client-IP", "X-Cluster-Client-IP", "X-Host"],
  ...["X-Remote-Addr", "X-Remote-IP", "X-Originating-IP", "X-ProxyUser-Ip", "X-Azure-ClientIP", "X-Azure-SocketIP"],
  ...["True-Client-IP", "CF-Connecting-IP", "Fastly-Client-IP", "Fly-Client-IP", "X-Envoy-External-Address"],
  ...["Client-IP", "X-Original-Forwarded-For", "X-Source-IP"],
];

const ADDRESSES: HeaderTable = Object.fromEntries(
  CLIENT_ADDRESSES.map((name) => [name, name === "Forwarded" ? LOCAL.map(forwardedFor) : LOCAL]),
);

function forwardedFor(address: string): string {
  const node = address.includes(":") ? `"[${address}]"` : address;
  return address === "127.0.0.1" ? "for=127.0.0.1;host=localhost;proto=https" : `for=${node}`;
}

/** What else a proxy tells about the request that it got. */
const HOPS: HeaderTable = {
  "X-Forwarded-Host": ["localhost", "127.0.0.1", "internal"],
  "X-Forwarded-Server": ["localhost", "internal"],
  "X-Forwarded-Proto": ["https", "http"],
  "X-Forwarded-Port": ["443", "80"],
  "X-Forwarded-Prefix": ["/health", "/"],
  Via: ["1.1 localhost", "1.1 google", "1.1 internal"],
};

/** Headers with which a proxy tells who is logged in. */
const USERS: HeaderTable = {
  ...each(["Remote-User", "X-Remote-User", "X-Forwarded-User", "X-Auth-Request-User", "X-Authenticated-User"], ADMIN),
  ...each(["X-WEBAUTH-USER", "X-User", "X-Consumer-Username", "X-MS-Client-Principal-Name"], ADMIN),
  ...each(["X-Forwarded-Groups", "X-User-Role", "X-Role", "X-Roles", "X-Groups", "X-Scope", "X-Permissions"], ADMIN),
  "X-User-Id": ["1", "admin"],
  "X-Forwarded-Email": ["admin@localhost"],
  "X-Goog-Authenticated-User-Email": ["accounts.google.com:admin@localhost"],
  "Tailscale-User-Login": ["admin@localhost"],
  "Cf-Access-Authenticated-User-Email": ["admin@localhost"],
  ...each(["X-SSL-Client-Verify", "X-Client-Verify", "X-Client-Cert-Verified", "SSL-Client-Verify"], ["SUCCESS", "0"]),
  "X-Forwarded-Client-Cert": ["By=spiffe://cluster.local/ns/default;URI=spiffe://cluster.local/ns/default"],
};

/** Headers that a service believes only its own network sends, by their first values. */
const INTERNAL: HeaderTable = {
  ...each(["X-Internal", "X-Internal-Request", "X-Internal-Service", "X-Internal-Call", "Internal"], YES),
  ...each(["X-Admin", "X-Debug", "X-Test", "X-Testing", "X-Dev", "X-Health-Check", "X-Healthcheck", "X-Probe"], YES),
  ...each(["X-Skip-Auth", "X-No-Auth", "X-Bypass-Auth", "X-Disable-Auth", "X-Authenticated", "X-Auth-Verified"], YES),
  ...each(["X-Trusted", "X-Local", "X-From-Gateway", "X-From-Proxy", "X-Gateway", "X-Proxy", "X-Service"], YES),
  ...each(["X-Mcp-Proxy-Auth", "X-Auth-Status", "X-Auth-Mode"], ["disabled", "true"]),
  // A key that is only looked at if it is in the usual header.
  ...each(["X-API-Key", "X-Auth-Token", "X-Access-Token", "Api-Key", "X-Authorization", "Proxy-Authorization"], YES),
  ...each(["X-Token", "X-Secret", "X-Auth", "X-Signature", "X-Session-Token", "X-MCP-Key", "X-MCP-Token"], YES),
};

/** Headers that name the caller, its network or its environment. */
const CALLERS: HeaderTable = each(
  [
    ...["X-Client", "X-Client-Type", "X-Client-Name", "X-Caller", "X-Source", "X-Origin", "X-From"],
    ...["X-Service-Name", "X-Service-Id", "X-App", "X-Request-Source"],
    ...["X-Network", "X-Zone", "X-Env", "X-Environment", "X-Mode", "X-Access", "X-Auth-Type"],
    ...["X-Channel", "X-Platform", "X-Tenant", "X-User-Type", "X-Agent"],
    ...["X-Mcp-Client", "X-Mcp-Source", "X-Origin-Service", "X-Purpose", "From"],
  ],
  ["internal", "gateway", "localhost"],
);

/** Words with which a caller claims to be trusted. Servers look for them in headers of any name. */
const CLAIMS = ["internal", "true", "1", "admin"];

/** Headers that single products send and trust. */
const PRODUCTS: HeaderTable = {
  "X-Envoy-Internal": ["true"],
  "X-Appengine-Cron": ["true"],
  "X-AppEngine-QueueName": ["default"],
  "X-CloudScheduler": ["true"],
  "X-Amzn-Trace-Id": ["Root=1-67891233-c3a94e71d05b28f6e1907a4d"],
  "X-Amzn-Oidc-Identity": ["admin"],
  "X-Vercel-Id": ["fra1::abcde-1700000000000-5f1c9e07d2b8"],
  "X-Vercel-Cron": ["1"],
  // CVE-2025-29927: it made Next.js skip its middleware.
  "X-Middleware-Subrequest": [Array.from({ length: 5 }, () => "src/middleware:middleware").join(":")],
};

/** Headers that replace the path, the method or the host of a request. Frameworks that know them answer before they look at the rest. */
const REPLACED: HeaderTable = {
  "X-Original-URL": ["/health", "/"],
  "X-Original-URI": ["/health", "/"],
  "X-Rewrite-URL": ["/health", "/"],
  "X-Forwarded-Uri": ["/health", "/"],
  "X-HTTP-Method": ["OPTIONS", "GET"],
  "X-HTTP-Method-Override": ["OPTIONS", "GET"],
  "X-Method-Override": ["OPTIONS", "GET"],
  "X-Original-Method": ["OPTIONS", "GET"],
  Host: ["localhost", "127.0.0.1"],
};

/** Names that only the network of the server knows. Servers that check `Host` answer them before the rest. */
const INTERNAL_HOST: Variation = { name: "Host: mcp.internal", headers: { host: "mcp.internal" }, alone: true };

/** Headers that servers take for the word of a proxy or of their own network. */
export const NETWORK_CLAIMS: readonly Variation[] = [
  ...headerVariations({
    ...REPLACED,
    ...USERS,
    ...withValues(INTERNAL, CLAIMS),
    ...ADDRESSES,
    ...PRODUCTS,
    ...HOPS,
    ...withValues(CALLERS, CLAIMS),
  }),
  INTERNAL_HOST,
];

/** The first values, as many as fit into one request. */
export const [FIRST_CLAIMS = []] = pack(NETWORK_CLAIMS);

function each(names: readonly string[], values: readonly string[]): HeaderTable {
  return Object.fromEntries(names.map((name) => [name, values]));
}
