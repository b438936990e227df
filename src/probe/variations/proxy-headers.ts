import type { Variation } from "../mcp/variation.ts";
import { headerVariations, type HeaderTable } from "./headers.ts";

const LOCAL = ["127.0.0.1", "10.0.0.1"];
const ADMIN = ["admin", "1"];
const YES = ["true", "1"];

/** Headers with which a proxy tells where a request comes from. */
const ADDRESSES: HeaderTable = {
  Forwarded: ["for=127.0.0.1;host=localhost;proto=https", "for=10.0.0.1"],
  "X-Forwarded-For": LOCAL,
  "X-Forwarded-Host": ["localhost"],
  "X-Forwarded-Server": ["localhost"],
  "X-Forwarded-Proto": ["https"],
  "X-Forwarded-Port": ["443"],
  "X-Forwarded-Prefix": ["/health"],
  "X-Real-IP": LOCAL,
  "X-Client-IP": LOCAL,
  "X-Cluster-Client-IP": LOCAL,
  "X-Remote-Addr": LOCAL,
  "X-Remote-IP": LOCAL,
  "X-Originating-IP": LOCAL,
  "X-ProxyUser-Ip": LOCAL,
  "X-Azure-ClientIP": LOCAL,
  "True-Client-IP": LOCAL,
  "CF-Connecting-IP": LOCAL,
  "Fastly-Client-IP": LOCAL,
  "X-Envoy-External-Address": LOCAL,
  Via: ["1.1 localhost", "1.1 google"],
};

/** Headers with which a proxy tells who is logged in. */
const USERS: HeaderTable = {
  "Remote-User": ADMIN,
  "X-Remote-User": ADMIN,
  "X-Forwarded-User": ADMIN,
  "X-Forwarded-Email": ["admin@localhost"],
  "X-Forwarded-Groups": ["admin"],
  "X-Auth-Request-User": ADMIN,
  "X-Authenticated-User": ADMIN,
  "X-WEBAUTH-USER": ADMIN,
  "X-User": ADMIN,
  "X-User-Id": ["1", "admin"],
  "X-User-Role": ["admin"],
  "X-Role": ["admin"],
  "X-Consumer-Username": ADMIN,
  "X-Goog-Authenticated-User-Email": ["accounts.google.com:admin@localhost"],
  "X-MS-Client-Principal-Name": ADMIN,
  "Tailscale-User-Login": ["admin@localhost"],
  "Cf-Access-Authenticated-User-Email": ["admin@localhost"],
  "X-SSL-Client-Verify": ["SUCCESS"],
  "X-Client-Verify": ["SUCCESS"],
  "X-Forwarded-Client-Cert": ["By=spiffe://cluster.local/ns/default;URI=spiffe://cluster.local/ns/default"],
};

/** Headers that a service believes only its own network sends. */
const INTERNAL: HeaderTable = {
  "X-Internal": YES,
  "X-Internal-Request": YES,
  "X-Internal-Service": ["mcp", "true"],
  "X-Admin": YES,
  "X-Debug": YES,
  "X-Test": YES,
  "X-Health-Check": YES,
  "X-Healthcheck": YES,
  "X-Probe": YES,
  "X-Skip-Auth": YES,
  "X-No-Auth": YES,
  "X-Bypass-Auth": YES,
  "X-Authenticated": YES,
  "X-Auth-Verified": YES,
  "X-Trusted": YES,
  "X-Local": YES,
  "X-From-Gateway": YES,
  "X-Gateway": YES,
  "X-Service-Name": ["gateway", "internal"],
  "X-Envoy-Internal": ["true"],
  "X-Appengine-Cron": ["true"],
  "X-AppEngine-QueueName": ["default"],
  "X-CloudScheduler": ["true"],
  "X-Amzn-Trace-Id": ["Root=1-67891233-c3a94e71d05b28f6e1907a4d"],
  "X-Amzn-Oidc-Identity": ["admin"],
  "X-Vercel-Id": ["fra1::abcde-1700000000000-5f1c9e07d2b8"],
  "X-Vercel-Cron": ["1"],
  "X-Mcp-Proxy-Auth": ["disabled", "true"],
  // CVE-2025-29927: it made Next.js skip its middleware.
  "X-Middleware-Subrequest": [Array.from({ length: 5 }, () => "src/middleware:middleware").join(":")],
};

/** Headers that replace the path, the method or the host of a request. */
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
export const PROXY_HEADERS: readonly Variation[] = [
  ...headerVariations({ ...ADDRESSES, ...USERS, ...INTERNAL, ...REPLACED }),
  INTERNAL_HOST,
];
