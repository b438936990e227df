/** A prefix, an id and a good part of a secret. */
const TOKEN = /[a-z][a-z0-9_]{0,23}_[0-9A-Za-z]{12}_[0-9A-Za-z]{16,}/g;

/**
 * The last line of defence of an error message: what looks like a token of ours, pasted where a name or a time was asked
 * for, is not repeated.
 */
export function redact(text: string): string {
  return text.replace(TOKEN, "[secret]");
}
