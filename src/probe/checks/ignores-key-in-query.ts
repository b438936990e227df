import type { Check } from "../check.ts";
import { misplaced, NOTHING } from "../credentials.ts";
import { costOf, tryEach } from "../shut.ts";

const NAMES = ["access_token", "token", "api_key", "apikey", "apiKey", "api-key", "key", "auth"];

export const ignoresKeyInQuery: Check = {
  id: "ignores-key-in-query",
  group: "door",
  about: "manners",
  level: "must",
  expects: "your key in the query of the address lets nobody in",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-requirements"),
  mend: "take the key from the header alone; addresses end up in logs, histories and Referer",
  needs: ["let-in"],
  cost: costOf(1),
  run(site) {
    const query = (): Record<string, string> => Object.fromEntries(NAMES.map((name) => [name, site.key.reveal()]));
    const named = { id: "key-in-query", name: `your key in the query, tried as ${NAMES.join(", ")}` };
    return tryEach(site, { controls: [NOTHING], variants: [misplaced({ query }, named)] });
  },
};
