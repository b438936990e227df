import type { Variation } from "../mcp/variation.ts";
import { header, headerVariations } from "./headers.ts";

/** Programs that some servers let through: health checkers, crawlers, tools, and MCP clients. */
const AGENTS = [
  "kube-probe/1.31",
  "GoogleHC/1.0",
  "ELB-HealthChecker/2.0",
  "curl/8.14.1",
  "Prometheus/3.0.0",
  "UptimeRobot/2.0",
  "Googlebot/2.1",
  "claude-code/2.0",
  "Consul Health Check",
  "mcp-inspector/0.17.0",
  "Cursor/1.7.0",
  "node",
  "Cloudflare-Healthchecks/1.0",
  "Claude-User",
  "python-httpx/0.28.1",
  "Mozilla/5.0",
];
const ORIGINS = ["null", "http://localhost:6274"];
const COOKIES = [
  "mcp=%E0%A4%A",
  "admin=true",
  "role=admin",
  "authenticated=1",
  "debug=1",
  "logged_in=true",
  "user=admin",
];

/** What a browser sends along, in the forms that a server may take for its own page. */
const BROWSER = headerVariations({
  "Sec-Fetch-Site": ["same-origin", "none", "same-site"],
  "Sec-Fetch-Mode": ["cors", "navigate", "same-origin"],
  "Sec-Fetch-Dest": ["empty", "document", "iframe"],
  "X-Requested-With": ["XMLHttpRequest", "mcp-inspector", "fetch"],
  "X-CSRF-Token": ["1"],
  "Upgrade-Insecure-Requests": ["1"],
  DNT: ["1"],
  Purpose: ["prefetch"],
});

/** Claims about the client that anyone can make. Origins go alone: servers refuse them before they look at the rest. */
export function clientClaims({ origin }: URL): Variation[] {
  const referers = [`${origin}/`, "http://localhost/", "https://claude.ai/"].map((from) => header("Referer", from));
  return [
    ...BROWSER,
    ...referers,
    ...COOKIES.map((cookie) => ({ name: `the cookie ${cookie}`, headers: { cookie } })),
    ...AGENTS.map((agent) => header("User-Agent", agent)),
    ...[origin, ...ORIGINS].map((from): Variation => ({ ...header("Origin", from), alone: true })),
  ];
}
