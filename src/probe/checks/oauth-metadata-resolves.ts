import type { Check } from "../check.ts";
import { fail, pass, untestable, type CheckResult } from "../check-result.ts";
import { kindOf } from "../mcp/answer-kind.ts";
import { NOTHING } from "../mcp/presented-key.ts";
import { isObject, parseJson, textAt, textsAt, type JsonObject } from "../mcp/json.ts";
import type { PlannedRequest } from "../mcp/planned-request.ts";
import { bearerOf, REFUSAL_COST } from "../judge/read-refusal.ts";
import type { Target } from "../target/target.ts";

const RESOURCE = "oauth-protected-resource";
const ISSUERS = ["oauth-authorization-server", "openid-configuration"];

export const oauthMetadataResolves: Check = {
  id: "oauth-metadata-resolves",
  group: "responses",
  about: "conformance",
  level: "should",
  expected: "publishes complete OAuth metadata or none, and points only to metadata that exist",
  source: new URL("https://www.rfc-editor.org/rfc/rfc9728#section-5.1"),
  fix: "without OAuth, remove resource_metadata and /.well-known/oauth-*: clients sign in there instead of sending the key",
  needs: ["accepted"],
  cost: { requests: REFUSAL_COST.requests + 4, wrong: REFUSAL_COST.wrong + 4 },
  async run(target) {
    const bearer = await bearerOf(target, NOTHING);
    const pointer = "untestable" in bearer ? undefined : bearer.parameters.get("resource_metadata");
    return pointer === undefined ? judgeWellKnown(target) : judgePointer(target, pointer);
  },
};

async function judgePointer(target: Target, pointer: string): Promise<CheckResult> {
  if (!URL.canParse(pointer)) return fail(`resource_metadata is not a URL: ${target.redact(pointer, 100)}`);
  const url = new URL(pointer);
  if (url.origin !== target.url.origin) {
    return untestable(`resource_metadata points to ${target.redact(url.origin)}, which was not contacted`);
  }
  const document = await fetchDocument(target, url.pathname + url.search, "resource");
  if (typeof document === "string") return fail(`the URL in resource_metadata: ${document}`);
  return judgeResource(target, document);
}

async function judgeWellKnown(target: Target): Promise<CheckResult> {
  for (const path of wellKnown(target.url, RESOURCE)) {
    const document = await fetchDocument(target, path, "resource");
    if (typeof document !== "string") return judgeResource(target, document);
  }
  return pass("no metadata, and no pointer to any");
}

async function judgeResource(target: Target, document: JsonObject): Promise<CheckResult> {
  const resource = textAt(document, "resource") ?? "";
  if (!coversUrl(resource, target.url) && !target.loopback) {
    return fail(`the metadata are for ${target.redact(resource, 100)}, not for this URL`);
  }
  const [issuer] = textsAt(document, "authorization_servers");
  if (issuer === undefined) return fail("the metadata name no authorization server");
  if (!URL.canParse(issuer)) return fail(`the authorization server is not a URL: ${target.redact(issuer, 100)}`);
  const server = new URL(issuer);
  if (server.origin !== target.url.origin) {
    return pass(`the metadata name ${target.redact(server.origin)}, which was not contacted`);
  }
  for (const path of ISSUERS.map((name) => wellKnown(server, name)[0])) {
    const found = await fetchDocument(target, path ?? "/", "issuer");
    if (typeof found !== "string") return pass("the metadata name this server, which publishes authorization metadata");
  }
  return fail("the metadata name this server, which publishes no authorization metadata");
}

/**
 * Fetches metadata from the target's own origin, without a key. Many servers answer every path with a page, so the document must
 * be a JSON object with the string `member`. Otherwise describes the answer in a few words.
 */
async function fetchDocument(target: Target, path: string, member: string): Promise<JsonObject | string> {
  const answer = await target.exchange(getRequest(path), NOTHING);
  if (!("status" in answer)) return target.redact(answer.message);
  const { status, excerpt } = answer;
  if (status !== 200) return kindOf(answer) === "redirect" ? `a redirect (${String(status)})` : String(status);
  const document = parseJson(excerpt);
  return isObject(document) && textAt(document, member) !== undefined
    ? document
    : `${String(status)} without "${member}" in JSON`;
}

function getRequest(path: string): PlannedRequest {
  const headers = { accept: "application/json" };
  return { name: `GET ${path}`, cacheKey: `metadata ${path}`, method: "GET", path, headers, grants: "nothing" };
}

/**
 * Returns the paths of the metadata for a URL: its own and, if it has a path, the one for the whole origin.
 * @see RFC 9728, section 3.1; RFC 8414, section 3.1
 */
export function wellKnown({ pathname }: URL, name: string): string[] {
  const root = `/.well-known/${name}`;
  const path = pathname.replace(/\/$/, "");
  return path === "" ? [root] : [`${root}${path}`, root];
}

/** Tells whether metadata for `resource` apply to a URL: `resource` is the URL or a parent path of it. */
export function coversUrl(resource: string, url: URL): boolean {
  if (!URL.canParse(resource)) return false;
  const { origin, pathname } = new URL(resource);
  const path = pathname.replace(/\/$/, "");
  return origin === url.origin && (url.pathname === path || url.pathname.startsWith(`${path}/`));
}
