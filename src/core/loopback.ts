/** Whether a host name is this machine by the name alone: 127.0.0.0/8, `[::1]`, localhost and names below it. */
export function isLoopbackName(hostname: string): boolean {
  return /^(?:127\.\d+\.\d+\.\d+|\[::1\]|(?:.+\.)?localhost\.?)$/.test(hostname);
}
