import { createHash, randomBytes, randomUUID, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { readKey, refuse, startSite, type Make, type Site } from "./make.ts";

/** @see RFC 4648, section 6 */
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** Servers that decode an opaque key before they compare it, and servers that read it from other headers. */
export const OPAQUE_MAKES: readonly Make[] = [
  decoding("base64"),
  decoding("base64url"),
  decoding("hex"),
  {
    name: "that decodes the key from base32, in any case",
    start(open) {
      const key = Array.from(randomBytes(40), (byte) => BASE32.charAt(byte % 32)).join("");
      const decode = (text: string): string =>
        Array.from(text.toUpperCase(), (digit) => BASE32.indexOf(digit).toString(2).padStart(5, "0")).join("");
      return startSite({ admit: admitBy((sent) => isSame(decode(sent), decode(key))) }, open, { key });
    },
  },
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
  plain("a random UUID", randomUUID()),
  plain("a number", "48151623421234567890"),
  plain("a password", "Tr0ub4dor.3-horse"),
  plain("letters of one case, with a prefix and a check digit", "ACME-JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXQ-7"),
  {
    name: "that looks up a UUID in a database",
    start(open) {
      const key = randomUUID().toUpperCase();
      // As PostgreSQL reads a uuid: in any case, with or without hyphens and braces.
      const read = (text: string): string => text.toLowerCase().replace(/[{}-]/g, "");
      return startSite({ admit: admitBy((sent) => isSame(read(sent), read(key))) }, open, { key });
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

function plain(kind: string, key: string): Make {
  return {
    name: `that takes ${kind}`,
    start: (open) => startSite({ admit: admitBy((sent) => isSame(sent, key)) }, open, { key }),
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
