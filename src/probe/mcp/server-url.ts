import { isLoopbackAddress, isLoopbackName } from "../../core/loopback.ts";
import type { Secret } from "../../core/secret.ts";
import { KeysError } from "../../errors.ts";

/** A token in our format, anywhere in the URL. */
const TOKEN_LIKE = /[a-z0-9]_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}(?![0-9A-Za-z])/;
/** Query parameters that carry a key. Every request would then present it, so nothing could be proven. */
const KEY_NAMES = /^(?:(?:access|auth|bearer|id)?[_-]?token|(?:x[_-])?api[_-]?key|key|authorization)$/i;

/**
 * Parses the URL of a server. Errors do not quote it, because it may contain a password or a key.
 * @param token - The token that the URL must not contain, if known.
 * @throws {@link KeysError} `USAGE` if it is not an http(s) URL, or contains a user name, a password, the token or a key
 */
export function parseServerUrl(text: string, token: Secret | null): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw new KeysError("USAGE", "that is not an http:// or https:// URL", {
      hint: "write the whole URL, such as https://mcp.example.com/mcp or http://localhost:3000/mcp",
    });
  }
  if (url.username !== "" || url.password !== "") {
    throw new KeysError("USAGE", "the URL contains a user name or a password", {
      hint: "remove the part before the @; mcp-keys sends only the token, in a header",
    });
  }
  if (holdsKey(url, token)) {
    throw new KeysError("USAGE", "the URL contains a key, and URLs end up in logs", {
      hint: "remove it; mcp-keys reads the token from stdin or MCP_API_KEY and sends it in a header",
    });
  }
  url.hash = "";
  return url;
}

/**
 * Returns whether a connection to the host stays on this machine: an address of this machine, in any spelling, or `localhost` and its
 * subdomains, whose address the HTTP client checks when it connects. Other names may lead elsewhere at any time.
 */
export function isLoopback({ hostname }: URL): boolean {
  return isLoopbackName(hostname) || isLoopbackAddress(hostname);
}

/** Returns whether plain http would expose a token on its way to this URL. `allowHttp` accepts that. */
export function isExposed(url: URL, allowHttp = false): boolean {
  return url.protocol === "http:" && !allowHttp && !isLoopback(url);
}

function holdsKey({ href, searchParams }: URL, token: Secret | null): boolean {
  const text = `${href}\n${decode(href)}`;
  if (TOKEN_LIKE.test(text) || (token !== null && text.includes(token.reveal()))) return true;
  return [...searchParams].some(([name, value]) => KEY_NAMES.test(name) && value !== "");
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
