/** The two ways to the keychain. They never see each other's items. */
export type KeychainEngine = "keyring" | "keytar";

/** The package of each engine. */
export const PACKAGES: Readonly<Record<KeychainEngine, string>> = {
  keyring: "@napi-rs/keyring",
  keytar: "keytar",
};

/** One line of JSON to the child process. It answers each with a {@link Reply} before it reads the next. */
export type Request =
  /** Loads the engine. The first request, and only once. */
  | { readonly op: "open"; readonly engine: KeychainEngine }
  /** Writes an item, reads it back, compares and removes it: proves that what is absent is absent. */
  | { readonly op: "probe"; readonly service: string }
  /** Writes an item and reads it back. */
  | { readonly op: "set"; readonly service: string; readonly account: string; readonly value: string }
  | { readonly op: "get"; readonly service: string; readonly account: string }
  | { readonly op: "remove"; readonly service: string; readonly account: string }
  | { readonly op: "find"; readonly service: string };

/** One line of JSON from it. */
export type Reply =
  | { readonly ok: true; readonly value?: string | null; readonly items?: readonly Item[]; readonly removed?: boolean }
  | { readonly ok: false; readonly text: string; readonly missing?: boolean };

export interface Item {
  readonly account: string;
  readonly value: string;
}
