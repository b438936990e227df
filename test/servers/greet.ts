/** What the tool `greet` of every server says: all it was told of who is calling. */
export function greet(authInfo: unknown): string {
  return authInfo === undefined ? "hello" : `hello ${JSON.stringify(authInfo)}`;
}
