import { KeysError } from "../errors.ts";
import type { Format } from "./format.ts";
import { revealFor } from "./reveal.ts";

const LABEL = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?";
const NAME = new RegExp(String.raw`^${LABEL}(?:\.${LABEL})*$`, "u");
const NAME_LIMIT = 253;

/**
 * A Secret manifest, named after the server or `mcp-api-key`. Names are quoted as well, because YAML reads a bare `NO` as a boolean
 * and `10` as a number. Every JSON string is a YAML string.
 * @throws `KeysError` `USAGE` if the server's name is not a DNS-1123 subdomain; `TOKEN_UNUSABLE`
 * @see https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names
 * @see YAML 1.2.2, section 5.7 (escapes)
 */
export const kubernetes: Format = {
  summary: "a Secret manifest: mcp-keys … --format kubernetes | kubectl apply -f -",
  render: ({ token, envName, serverName = "mcp-api-key" }) =>
    [
      "apiVersion: v1",
      "kind: Secret",
      "metadata:",
      `  name: ${JSON.stringify(parseName(serverName))}`,
      "type: Opaque",
      "stringData:",
      `  ${JSON.stringify(envName)}: ${JSON.stringify(revealFor("a manifest", token))}`,
      "",
    ].join("\n"),
};

function parseName(text: string): string {
  if (text.length > NAME_LIMIT || !NAME.test(text)) {
    throw new KeysError(
      "USAGE",
      `${JSON.stringify(text.slice(0, NAME_LIMIT))} is not a valid name for a Kubernetes Secret`,
      {
        hint: "use lower-case letters, digits, - and ., with a letter or digit at both ends: --server-name mcp-api-key",
      },
    );
  }
  return text;
}
