import type { IncomingMessage } from "node:http";
import { formatKeyHeader, type KeyHeader } from "../../../src/probe/mcp/key-header.ts";
import type { Mistake } from "./configurable-server.ts";

/** Makes a correct server read the key from this header only. The scheme matches in any case, and the challenge names it. */
export function readingFrom(header: KeyHeader): Mistake {
  const { name, scheme } = header;
  const valuesOf = ({ rawHeaders }: IncomingMessage): string[] =>
    rawHeaders.filter((_, i, all) => i % 2 === 1 && all[i - 1]?.toLowerCase() === name);
  const form = new RegExp(scheme === null ? "^(\\S+)$" : `^${scheme} +(\\S+)$`, "i");
  return {
    tokenOf: (request) => form.exec(valuesOf(request)[0] ?? "")?.[1] ?? "",
    readKey(request) {
      const values = valuesOf(request);
      if (values.length > 1) return "two";
      const token = this.tokenOf(request);
      return token === "" ? "none" : this.knows(token) ? "valid" : "wrong";
    },
    refuse(_request, response, presented) {
      const challenge = `${scheme ?? "ApiKey"} realm="${formatKeyHeader(header)}"`;
      const status = presented === "two" ? 400 : 401;
      this.json(response, status, { error: "unauthorized" }, { "www-authenticate": challenge });
    },
  };
}
