import type { Check } from "../check.ts";
import { otherHeaders, NOTHING } from "../mcp/presented-key.ts";
import type { HttpHeaders } from "../../http/http.ts";
import { costOf, tryEach } from "../judge/judge-refused.ts";

const LOCAL = "127.0.0.1";

/** Headers by what they claim. The headers of one claim are sent together. */
const HEADERS: Readonly<Record<string, HttpHeaders>> = {
  "this machine as the client (X-Forwarded-For and others)": {
    forwarded: `for=${LOCAL};host=localhost;proto=https`,
    "x-forwarded-for": LOCAL,
    "x-forwarded-host": "localhost",
    "x-forwarded-proto": "https",
    "x-real-ip": LOCAL,
    "x-client-ip": LOCAL,
    "x-cluster-client-ip": LOCAL,
    "x-remote-addr": LOCAL,
    "x-originating-ip": LOCAL,
    "true-client-ip": LOCAL,
    "cf-connecting-ip": LOCAL,
    "fastly-client-ip": LOCAL,
  },
  "a user (X-Forwarded-User and others)": {
    "remote-user": "admin",
    "x-remote-user": "admin",
    "x-forwarded-user": "admin",
    "x-forwarded-email": "admin@localhost",
    "x-auth-request-user": "admin",
    "x-authenticated-user": "admin",
    "x-webauth-user": "admin",
    "x-user-id": "1",
    "x-goog-authenticated-user-email": "accounts.google.com:admin@localhost",
    "cf-access-authenticated-user-email": "admin@localhost",
    "tailscale-user-login": "admin@localhost",
  },
  "another path (X-Original-URL and others)": {
    "x-original-url": "/health",
    "x-original-uri": "/health",
    "x-rewrite-url": "/health",
    "x-forwarded-uri": "/health",
  },
  "another method (X-HTTP-Method-Override)": {
    "x-http-method": "OPTIONS",
    "x-http-method-override": "OPTIONS",
    "x-method-override": "OPTIONS",
  },
  // CVE-2025-29927: it made Next.js skip its middleware.
  "an internal request (X-Middleware-Subrequest)": {
    "x-middleware-subrequest": Array.from({ length: 5 }, () => "src/middleware:middleware").join(":"),
  },
  "this machine as the server (Host)": { host: "localhost" },
};

export const rejectsProxyHeaders: Check = {
  id: "rejects-proxy-headers",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "rejects requests without a key, even if they have proxy headers",
  source: new URL("https://cwe.mitre.org/data/definitions/290.html"),
  fix: "decide by the key alone: clients can set any address, user, host or path in a header",
  needs: ["accepted"],
  cost: costOf(Object.keys(HEADERS).length),
  run(target) {
    const variants = Object.entries(HEADERS).map(([what, headers]) =>
      otherHeaders(headers, { id: `proxy ${what}`, name: `headers that claim ${what}` }),
    );
    return tryEach(target, { controls: [NOTHING], variants });
  },
};
