import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { readKey, refuse, startSite, type Make, type Site } from "./make.ts";

/** Servers that decode an opaque key before they compare it, and servers that read it from other headers. */
export const OPAQUE_MAKES: readonly Make[] = [
  decoding("base64"),
  decoding("base64url"),
  decoding("hex"),
  {
    name: "that compares a hexadecimal key as text, in lower case",
    start(open) {
      const key = randomBytes(20).toString("hex").toUpperCase();
      const compare = (sent: string): boolean => isSame(sent.toLowerCase(), key.toLowerCase());
      return startSite({ admit: admitBy(compare) }, open, { key });
    },
  },
  {
    name: "that trims the key",
    start(open) {
      const key = `sk_${randomBytes(24).toString("base64url")}`;
      const admit: Site["admit"] = (request, response) => {
        const sent = /^Bearer(.*)$/is.exec(request.headers.authorization ?? "")?.[1]?.trim() ?? "";
        return isSame(sent, key) || refuse(response, sent || null);
      };
      return startSite({ admit }, open, { key });
    },
  },
  {
    name: "that takes a random UUID",
    start(open) {
      const key = "3f0c9a52-7e1d-4b86-9c24-d5a871e6f03b";
      return startSite({ admit: admitBy((sent) => isSame(sent, key)) }, open, { key });
    },
  },
  inHeader("x-api-key", null),
  inHeader("api-key", null),
  inHeader("authorization", "ApiKey"),
  inHeader("authorization", null),
];

/** Compares the bytes of the key, as its encoding is decoded by Node: leniently. */
function decoding(encoding: "base64" | "base64url" | "hex"): Make {
  return {
    name: `that decodes the key from ${encoding}`,
    start(open) {
      const secret = randomBytes(32);
      const compare = (sent: string): boolean => {
        const bytes = Buffer.from(sent, encoding);
        return bytes.length === secret.length && timingSafeEqual(bytes, secret);
      };
      return startSite({ admit: admitBy(compare) }, open, { key: secret.toString(encoding) });
    },
  };
}

function inHeader(name: string, scheme: string | null): Make {
  const header = scheme === null ? (name === "authorization" ? "Authorization:" : name) : `${name}: ${scheme}`;
  return {
    name: `that reads the key from ${header}`,
    start(open) {
      const key = `acme_${randomBytes(24).toString("hex")}`;
      const admit: Site["admit"] = (request, response) => {
        if (countOf(request, name) === 1 && isSame(readKey(request, name, scheme) ?? "", key)) return true;
        response.writeHead(401, { "www-authenticate": `${scheme ?? "ApiKey"} realm="mcp"` }).end();
        return false;
      };
      return startSite({ admit }, open, { key, header });
    },
  };
}

export function admitBy(compare: (key: string) => boolean): Site["admit"] {
  return (request, response) => {
    const key = readKey(request);
    return (key !== null && compare(key)) || refuse(response, key);
  };
}

/** Compares two texts without showing by the time where they differ. */
export function isSame(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}

function countOf({ rawHeaders }: IncomingMessage, name: string): number {
  return rawHeaders.filter((each, i) => i % 2 === 0 && each.toLowerCase() === name).length;
}
