import type { ProbeServerOptions } from "../../../src/probe/probe.ts";
import { SECOND_TOKEN } from "../verify/verifying.ts";
import { ServerBehavior, type Mistake } from "./configurable-server.ts";

/** What the second key may do with the tool `add`, which the first key may see and call. */
interface SecondKey {
  readonly sees: boolean;
  readonly calls: boolean;
}

/** Creates a server that makes a difference between its two keys. */
export function scopedServer({ sees, calls }: SecondKey): {
  readonly make: () => Mistake;
  readonly options: Partial<ProbeServerOptions>;
} {
  const make = (): Mistake => ({
    answer(response, posted) {
      const isSecond = this.tokenOf(response.req) === SECOND_TOKEN.reveal();
      if (isSecond && !sees && posted.method === "tools/list") {
        this.result(response, posted, { tools: [] });
        return;
      }
      if (isSecond && !calls && posted.method === "tools/call") {
        this.json(response, 403, {}, { "www-authenticate": 'Bearer realm="mcp", error="insufficient_scope"' });
        return;
      }
      ServerBehavior.prototype.answer.call(this, response, posted);
    },
  });
  return { make, options: { secondKey: SECOND_TOKEN, tool: "add" } };
}
