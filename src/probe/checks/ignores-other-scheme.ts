import type { Check } from "../check.ts";
import { misplaced, NOTHING } from "../credentials.ts";
import { costOf, tryEach } from "../shut.ts";

export const ignoresOtherScheme: Check = {
  id: "ignores-other-scheme",
  group: "door",
  about: "manners",
  level: "may",
  expects: "your key under another scheme than Bearer lets nobody in",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-requirements"),
  mend: "take no other scheme than Bearer, or say in the documentation of the server that it is taken",
  needs: ["let-in", "bearer"],
  cost: costOf(4),
  run(site) {
    const forms: Readonly<Record<string, (key: string) => string>> = {
      "Basic, as the user": (key) => `Basic ${btoa(`${key}:`)}`,
      "Basic, as the password": (key) => `Basic ${btoa(`mcp-keys:${key}`)}`,
      Token: (key) => `Token ${key}`,
      ApiKey: (key) => `ApiKey ${key}`,
    };
    const variants = Object.entries(forms).map(([form, put]) => {
      const headers = () => ({ authorization: put(site.key.reveal()) });
      return misplaced({ headers }, { id: `key as ${form}`, name: `your key as ${form}` });
    });
    return tryEach(site, { controls: [NOTHING], variants });
  },
};
