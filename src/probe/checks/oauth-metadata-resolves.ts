import type { Check } from "../check.ts";
import { fail, pass, untestable, type CheckResult } from "../check-result.ts";
import { NOTHING } from "../mcp/credentials.ts";
import { textAt, textsAt } from "../mcp/json.ts";
import { coversUrl, fetchDocument, wellKnown } from "../metadata.ts";
import { bearerOf, REFUSAL_COST } from "../judge/judge-refusal.ts";
import type { Target } from "../target/target.ts";

const RESOURCE = "oauth-protected-resource";
const ISSUERS = ["oauth-authorization-server", "openid-configuration"];

export const oauthMetadataResolves: Check = {
  id: "oauth-metadata-resolves",
  group: "responses",
  about: "conformance",
  level: "should",
  expected: "OAuth metadata are published whole or not at all, and a challenge points to none that are not there",
  source: new URL("https://www.rfc-editor.org/rfc/rfc9728#section-5.1"),
  fix: "leave resource_metadata and /.well-known/oauth-* out where there is no OAuth: clients sign in there in place of sending the key",
  needs: ["accepted"],
  cost: { requests: REFUSAL_COST.requests + 4, wrong: REFUSAL_COST.wrong + 4 },
  async run(target) {
    const bearer = await bearerOf(target, NOTHING);
    const pointer = "untestable" in bearer ? undefined : bearer.parameters.get("resource_metadata");
    return pointer === undefined ? judgeWellKnown(target) : judgePointer(target, pointer);
  },
};

async function judgePointer(target: Target, pointer: string): Promise<CheckResult> {
  if (!URL.canParse(pointer)) return fail(`resource_metadata is no URL: ${target.redact(pointer, 100)}`);
  const url = new URL(pointer);
  if (url.origin !== target.url.origin) {
    return untestable(`resource_metadata leads to ${target.redact(url.origin)}, which was not contacted`);
  }
  const document = await fetchDocument(target, url.pathname + url.search, "resource");
  if (typeof document === "string") return fail(`resource_metadata leads to ${document}`);
  return judgeResource(target, document);
}

async function judgeWellKnown(target: Target): Promise<CheckResult> {
  for (const path of wellKnown(target.url, RESOURCE)) {
    const document = await fetchDocument(target, path, "resource");
    if (typeof document !== "string") return judgeResource(target, document);
  }
  return pass("none are published, and none are pointed to");
}

async function judgeResource(target: Target, document: Readonly<Record<string, unknown>>): Promise<CheckResult> {
  const resource = textAt(document, "resource") ?? "";
  if (!coversUrl(resource, target.url) && !target.loopback) {
    return fail(`the metadata are for ${target.redact(resource, 100)}, not for this URL`);
  }
  const [issuer] = textsAt(document, "authorization_servers");
  if (issuer === undefined) return fail("the metadata name no authorization server");
  if (!URL.canParse(issuer)) return fail(`the authorization server is no URL: ${target.redact(issuer, 100)}`);
  const server = new URL(issuer);
  if (server.origin !== target.url.origin) {
    return pass(`the metadata name ${target.redact(server.origin)}, which was not contacted`);
  }
  for (const path of ISSUERS.map((name) => wellKnown(server, name)[0])) {
    const found = await fetchDocument(target, path ?? "/", "issuer");
    if (typeof found !== "string")
      return pass("the metadata name this server for authorization, which has metadata too");
  }
  return fail("the metadata name this server for authorization, which has no metadata about that");
}
