/** Compares the name of a header with `name`, which is in lower case. Allocates nothing, unlike `toLowerCase`. */
export function isNamed(sent: string, name: string): boolean {
  if (sent.length !== name.length) return false;
  for (let i = 0; i < name.length; i++) {
    const code = sent.charCodeAt(i);
    if ((code >= 65 && code <= 90 ? code | 32 : code) !== name.charCodeAt(i)) return false;
  }
  return true;
}
