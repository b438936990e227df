// `fastmcp` with a key in its `authenticate`, as its documentation shows.
import { FastMCP } from "fastmcp";
import { ADDRESS, KEYS } from "./server.js";

const server = new FastMCP({
  name: "by-others",
  version: "1.0.0",
  authenticate: async (request) => {
    const authHeader = request.headers.authorization;
    if (!authHeader?.startsWith("Bearer ") || !KEYS.includes(authHeader.slice(7))) {
      throw new Response(null, { status: 401, statusText: "Unauthorized" });
    }
    return { id: 1, role: "user" };
  },
});
server.addTool({ name: "add", description: "Adds", execute: async () => "3" });
await server.start({ transportType: "httpStream", httpStream: { host: ADDRESS.host, port: ADDRESS.port } });
