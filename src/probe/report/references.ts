import type { Check, Group } from "../check.ts";

/** The risks that checks are about, by their numbers in the OWASP MCP Top 10 of 2025 (beta, v0.1). */
const OWASP = {
  "MCP01:2025": "MCP01-2025-Token-Mismanagement-and-Secret-Exposure",
  "MCP02:2025": "MCP02-2025%E2%80%93Privilege-Escalation-via-Scope-Creep",
  "MCP07:2025": "MCP07-2025%E2%80%93Insufficient-Authentication%26Authorization",
} as const;

/** References of every access check of a group. A new one has these without a line of its own. */
const BY_GROUP: Readonly<Record<Group, readonly string[]>> = {
  transport: ["MCP01:2025", "CWE-319"],
  acceptance: ["MCP07:2025", "CWE-287"],
  rejection: ["MCP07:2025", "CWE-287"],
  responses: ["CWE-287"],
  session: ["MCP07:2025", "CWE-384"],
  browser: ["MCP07:2025", "CWE-346"],
  lifecycle: ["MCP01:2025", "CWE-613"],
  leaks: ["MCP01:2025", "CWE-200"],
};

/** Check → what it is about in particular, and advisories of servers and libraries that had this fault. */
const BY_CHECK: Readonly<Record<string, readonly string[]>> = {
  "requires-key": ["CWE-306", "CVE-2026-82456"],
  "requires-key-for-handshake": ["CWE-306"],
  "requires-key-for-stream": ["CWE-306"],
  "requires-key-for-tool-call": ["CWE-306"],
  "requires-key-for-every-message": ["CWE-306"],
  "requires-key-for-every-method": ["CWE-650"],
  "requires-key-for-every-path": ["CWE-288"],
  "requires-key-for-every-query": ["CWE-489"],
  "rejects-bogus-key": ["CVE-2026-59822"],
  "rejects-placeholder-key": ["CWE-1392"],
  "rejects-default-key": ["CWE-1392", "CVE-2026-53709", "GHSA-g53w-w6mj-hrpp"],
  "rejects-forged-jwt": ["CWE-347"],
  "rejects-changed-key": ["CWE-697"],
  "rejects-truncated-key": ["CWE-187"],
  "rejects-extended-key": ["CWE-187"],
  "rejects-key-in-other-case": ["CWE-178"],
  "rejects-key-in-query": ["CWE-598"],
  "rejects-proxy-headers": ["CWE-290", "CVE-2025-29927"],
  "rejects-foreign-host": ["CWE-350", "CVE-2025-66414", "CVE-2025-66416"],
  "rejects-foreign-origin": ["CWE-346", "CVE-2025-49596", "CVE-2025-9611"],
  "restricts-cors": ["CWE-942"],
  "session-bound-to-key": ["CWE-384", "CVE-2026-25536"],
  "session-id-unguessable": ["CWE-330", "CVE-2025-6515"],
  "same-answer-for-unknown-keys": ["CWE-204"],
  "ends-streams-of-revoked-key": ["CWE-613"],
  "hides-presented-key": ["CWE-209"],
  "hides-stack-trace": ["CWE-209"],
  "tls-trusted": ["CWE-295"],
  "tls-host-matches": ["CWE-297"],
  "rejects-old-tls": ["CWE-327"],
  "no-redirect-to-other-origin": ["CWE-601"],
};

/** Returns the references of a check, the most general first. */
export function referencesOf({ id, group, about }: Pick<Check, "id" | "group" | "about">): string[] {
  return [...(about === "access" ? BY_GROUP[group] : []), ...(BY_CHECK[id] ?? [])];
}

/** Returns the page of a reference. */
export function referenceUrl(reference: string): string {
  const [kind = "", ...rest] = reference.split("-");
  if (kind === "CWE") return `https://cwe.mitre.org/data/definitions/${rest.join("-")}.html`;
  if (kind === "CVE") return `https://nvd.nist.gov/vuln/detail/${reference}`;
  if (kind === "GHSA") return `https://github.com/advisories/${reference}`;
  return `https://owasp.org/www-project-mcp-top-10/2025/${OWASP[reference as keyof typeof OWASP]}`;
}
