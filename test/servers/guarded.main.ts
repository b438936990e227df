import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createVerifier, guardNode, openStore } from "../../src/index.ts";
import { answer, legacy } from "./scripted.ts";

/** A small MCP server behind the guard, on the store in `MCP_KEYS_STORE`. It calls itself `NAME`, and reports its uses to `USES`. Prints its URL. */

const { NAME, USES } = process.env;
const verifier = await createVerifier({
  store: await openStore(),
  ...(NAME !== undefined && { name: NAME }),
  ...(USES !== undefined && { uses: USES }),
  log: console.error,
});
const guard = guardNode(verifier);
const script = legacy();
const server = createServer((request, response) => {
  guard(request, response, () => void answer(script, request, response));
});
server.listen(0, "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`);
});
process.once("SIGTERM", () => {
  server.close();
  server.closeAllConnections();
  void verifier.close();
});
