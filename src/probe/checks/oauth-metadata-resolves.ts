import { breaks, holds, untestable, type Check, type Sight } from "../check.ts";
import { NOTHING } from "../mcp/credentials.ts";
import { textAt, textsAt } from "../mcp/json.ts";
import { coversUrl, fetchDocument, wellKnown } from "../metadata.ts";
import { bearerOf, REFUSAL_COST } from "../judge/judge-refusal.ts";
import type { Site } from "../target/target.ts";

const RESOURCE = "oauth-protected-resource";
const ISSUERS = ["oauth-authorization-server", "openid-configuration"];

export const oauthMetadataResolves: Check = {
  id: "oauth-metadata-resolves",
  group: "manners",
  about: "manners",
  level: "should",
  expects: "OAuth metadata are published whole or not at all, and a challenge points to none that are not there",
  source: new URL("https://www.rfc-editor.org/rfc/rfc9728#section-5.1"),
  mend: "leave resource_metadata and /.well-known/oauth-* out where there is no OAuth: clients sign in there in place of sending the key",
  needs: ["let-in"],
  cost: { requests: REFUSAL_COST.requests + 4, wrong: REFUSAL_COST.wrong + 4 },
  async run(site) {
    const bearer = await bearerOf(site, NOTHING);
    const pointer = "untestable" in bearer ? undefined : bearer.parameters.get("resource_metadata");
    return pointer === undefined ? judgeWellKnown(site) : judgePointer(site, pointer);
  },
};

async function judgePointer(site: Site, pointer: string): Promise<Sight> {
  if (!URL.canParse(pointer)) return breaks(`resource_metadata is no URL: ${site.clean(pointer, 100)}`);
  const url = new URL(pointer);
  if (url.origin !== site.url.origin) {
    return untestable(`resource_metadata leads to ${site.clean(url.origin)}, which was not contacted`);
  }
  const document = await fetchDocument(site, url.pathname + url.search, "resource");
  if (typeof document === "string") return breaks(`resource_metadata leads to ${document}`);
  return judgeResource(site, document);
}

async function judgeWellKnown(site: Site): Promise<Sight> {
  for (const path of wellKnown(site.url, RESOURCE)) {
    const document = await fetchDocument(site, path, "resource");
    if (typeof document !== "string") return judgeResource(site, document);
  }
  return holds("none are published, and none are pointed to");
}

async function judgeResource(site: Site, document: Readonly<Record<string, unknown>>): Promise<Sight> {
  const resource = textAt(document, "resource") ?? "";
  if (!coversUrl(resource, site.url) && !site.loopback) {
    return breaks(`the metadata are for ${site.clean(resource, 100)}, not for this URL`);
  }
  const [issuer] = textsAt(document, "authorization_servers");
  if (issuer === undefined) return breaks("the metadata name no authorization server");
  if (!URL.canParse(issuer)) return breaks(`the authorization server is no URL: ${site.clean(issuer, 100)}`);
  const server = new URL(issuer);
  if (server.origin !== site.url.origin) {
    return holds(`the metadata name ${site.clean(server.origin)}, which was not contacted`);
  }
  for (const path of ISSUERS.map((name) => wellKnown(server, name)[0])) {
    const found = await fetchDocument(site, path ?? "/", "issuer");
    if (typeof found !== "string")
      return holds("the metadata name this server for authorization, which has metadata too");
  }
  return breaks("the metadata name this server for authorization, which has no metadata about that");
}
