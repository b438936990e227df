/** Forms in which a key may stand in `Authorization` instead of after `Bearer` → the value. */
const FORMS: Readonly<Record<string, (key: string) => string>> = {
  "as the user of Basic": (key) => `Basic ${btoa(`${key}:`)}`,
  "as the password of Basic": (key) => `Basic ${btoa(`mcp-keys:${key}`)}`,
  "after Token": (key) => `Token ${key}`,
  "after ApiKey": (key) => `ApiKey ${key}`,
  "without a scheme": (key) => key,
};

/** One form of a key. */
export interface KeyForm {
  /** Completes "your key …". */
  readonly how: string;
  readonly headers: () => { readonly authorization: string };
}

/** A key in every form but the right one. @param reveal - the key */
export function keyForms(reveal: () => string): KeyForm[] {
  return Object.entries(FORMS).map(([how, write]) => ({ how, headers: () => ({ authorization: write(reveal()) }) }));
}
