import type { Check } from "../check.ts";
import { misplaced, NOTHING } from "../credentials.ts";
import type { HttpHeaders } from "../request.ts";
import { costOf, tryEach } from "../shut.ts";

const NAMES = ["access_token", "token", "api_key", "apiKey", "session", "auth", "Authorization", "jwt"];

export const ignoresKeyInCookie: Check = {
  id: "ignores-key-in-cookie",
  group: "door",
  about: "manners",
  level: "should",
  expects: "your key in a cookie lets nobody in",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-requirements"),
  mend: "take the key from the header alone; cookies are sent by browsers on behalf of any page",
  needs: ["let-in"],
  cost: costOf(1),
  run(site) {
    const headers = (): HttpHeaders => ({ cookie: NAMES.map((name) => `${name}=${site.key.reveal()}`).join("; ") });
    const named = { id: "key-in-cookie", name: `your key in a cookie, tried as ${NAMES.join(", ")}` };
    return tryEach(site, { controls: [NOTHING], variants: [misplaced({ headers }, named)] });
  },
};
