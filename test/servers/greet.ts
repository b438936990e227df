/** The answer of the tool `greet` on every server: the `authInfo` it received. */
export function greet(authInfo: unknown): string {
  return authInfo === undefined ? "hello" : `hello ${JSON.stringify(authInfo)}`;
}

/** The answer of the tool `wait`. */
export async function waitFor(signal: AbortSignal): Promise<{ type: "text"; text: string }[]> {
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  return [{ type: "text", text: "cancelled" }];
}
