/** Returns whether a host name always means this machine: 127.0.0.0/8, `[::1]`, `localhost` and its subdomains. */
export function isLoopbackName(hostname: string): boolean {
  return /^(?:127\.\d+\.\d+\.\d+|\[::1\]|(?:.+\.)?localhost\.?)$/.test(hostname);
}

/**
 * Returns whether a connection to this IP address stays on this machine: 127.0.0.0/8, `::1`, the unspecified addresses `0.0.0.0` and
 * `::`, and these as IPv4-mapped IPv6 addresses. As the URL parser writes them, with or without brackets.
 */
export function isLoopbackAddress(address: string): boolean {
  const text = address.replace(/^\[|\]$/g, "").toLowerCase();
  const mapped = /^::ffff:(?:(\d+\.\d+\.\d+\.\d+)|([0-9a-f]{1,4}):([0-9a-f]{1,4}))$/.exec(text);
  if (mapped === null) return /^(?:127\.\d+\.\d+\.\d+|0\.0\.0\.0|::1?)$/.test(text);
  const [, dotted, high = "", low = ""] = mapped;
  if (dotted !== undefined) return isLoopbackAddress(dotted);
  const [first, rest] = [parseInt(high, 16), parseInt(low, 16)];
  return first >> 8 === 127 || (first === 0 && rest === 0);
}
