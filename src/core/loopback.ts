/** Returns whether a host name always means this machine: 127.0.0.0/8, `[::1]`, `localhost` and its subdomains. */
export function isLoopbackName(hostname: string): boolean {
  return /^(?:127\.\d+\.\d+\.\d+|\[::1\]|(?:.+\.)?localhost\.?)$/.test(hostname);
}
