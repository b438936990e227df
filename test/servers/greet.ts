/** The answer of the tool `greet` on every server: the `authInfo` it received. */
export function greet(authInfo: unknown): string {
  return authInfo === undefined ? "hello" : `hello ${JSON.stringify(authInfo)}`;
}
