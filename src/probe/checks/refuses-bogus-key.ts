import type { Check } from "../check.ts";
import { judgeShut, presentEach } from "../shut.ts";

export const refusesBogusKey: Check = {
  id: "refuses-bogus-key",
  group: "door",
  about: "door",
  level: "must",
  essential: true,
  expects: "a well-formed key that the server never issued is not let in",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-handling"),
  mend: "compare the digest of the whole key, not its form, its prefix or its id",
  cost: { requests: 8, wrong: 6 },
  async run(site) {
    return judgeShut(site, await presentEach(site, [site.wrong]));
  },
};
