import { isLoopbackName } from "../../core/loopback.ts";
import type { Secret } from "../../core/secret.ts";
import { KeysError } from "../../errors.ts";

/** What one of our tokens looks like, wherever it stands. */
const TOKEN_LIKE = /[a-z0-9]_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}(?![0-9A-Za-z])/;
/** Names under which a key is put into a query; then every request would carry it, and nothing could be proven. */
const KEY_NAMES = /^(?:(?:access|auth|bearer|id)?[_-]?token|(?:x[_-])?api[_-]?key|key|authorization)$/i;

/**
 * Reads the address of a server; `token` is what it must not hold, where that is known. None of the errors quotes the
 * address, since it may hold a password or a key.
 * @throws {@link KeysError} `USAGE` for what is no http(s) address, or holds a user name, a password, the token or a key.
 */
export function parseServerUrl(text: string, token: Secret | null): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw new KeysError("USAGE", "that is not the address of an MCP server", {
      hint: "write it whole, such as https://mcp.example.com/mcp or http://localhost:3000/mcp",
    });
  }
  if (url.username !== "" || url.password !== "") {
    throw new KeysError("USAGE", "the address holds a user name or a password", {
      hint: "leave out what stands before the @; the token alone is sent, as Authorization: Bearer",
    });
  }
  if (holdsKey(url, token)) {
    throw new KeysError("USAGE", "the address holds a key, and addresses end up in logs", {
      hint: "leave it out; the token comes from stdin or MCP_API_KEY and is sent as Authorization: Bearer",
    });
  }
  url.hash = "";
  return url;
}

/** Whether a host is this machine by its name alone: 127.0.0.0/8, ::1, localhost and below. */
export function isLoopback({ hostname }: URL): boolean {
  return isLoopbackName(hostname);
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
