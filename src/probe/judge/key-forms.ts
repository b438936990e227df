/** Where a key may appear in `Authorization` other than after `Bearer` → how to write the header value. */
const FORMS: Readonly<Record<string, (key: string) => string>> = {
  "as the user name of Basic": (key) => `Basic ${btoa(`${key}:`)}`,
  "as the password of Basic": (key) => `Basic ${btoa(`mcp-keys:${key}`)}`,
  "after Token": (key) => `Token ${key}`,
  "after ApiKey": (key) => `ApiKey ${key}`,
  "without a scheme": (key) => key,
};

/** A key in one of the forms. */
export interface KeyForm {
  /** Completes "your key …". */
  readonly how: string;
  readonly headers: () => { readonly authorization: string };
}

/**
 * Returns a key in every form but the correct one.
 * @param reveal - Returns the key. A function, because the result may be printed.
 */
export function keyForms(reveal: () => string): KeyForm[] {
  return Object.entries(FORMS).map(([how, write]) => ({ how, headers: () => ({ authorization: write(reveal()) }) }));
}
