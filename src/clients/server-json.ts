import type { ClientFormat } from "./client.ts";

/** For the authors of servers: registries and clients read from it that the server needs a key, and ask the user for it. */
export const serverJson: ClientFormat = {
  title: "the MCP registry",
  source: new URL("https://modelcontextprotocol.io/registry/remote-servers"),
  syntax: "json",
  uses: [],
  key: "prompt",
  keyStep: () => "clients that install the server from a registry ask their users for the key",
  entries: ({ url }) => {
    const input = { description: "API key of the server", isRequired: true, isSecret: true };
    const header = {
      ...{ name: "Authorization", description: "Bearer and the API key", isRequired: true, isSecret: true },
      ...{ value: "Bearer {api_key}", variables: { api_key: input } },
    };
    return [{ path: ["remotes"], by: "url", value: { type: "streamable-http", url, headers: [header] } }];
  },
};
