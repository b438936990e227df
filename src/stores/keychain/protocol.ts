/** The library that reaches the keychain. The two never see each other's items. */
export type KeychainEngine = "keyring" | "keytar";

/** The npm package of each engine. */
export const PACKAGES: Readonly<Record<KeychainEngine, string>> = {
  keyring: "@napi-rs/keyring",
  keytar: "keytar",
};

/** One line of JSON to the child process. It answers each with a {@link ChildReply} before it reads the next. */
export type ChildRequest =
  /** Loads the engine. Sent first, and once. */
  | { readonly op: "open"; readonly engine: KeychainEngine }
  /** Writes an item, reads it back and removes it, which proves that "absent" means absent. */
  | { readonly op: "probe"; readonly service: string }
  /** Writes an item and reads it back. */
  | { readonly op: "set"; readonly service: string; readonly account: string; readonly value: string }
  | { readonly op: "get"; readonly service: string; readonly account: string }
  | { readonly op: "remove"; readonly service: string; readonly account: string }
  | { readonly op: "find"; readonly service: string };

/** One line of JSON from the child process. */
export type ChildReply = ChildSuccess | ChildFailure;

export interface ChildSuccess {
  readonly ok: true;
  readonly value?: string | null;
  readonly items?: readonly KeychainItem[];
  readonly removed?: boolean;
}

interface ChildFailure {
  readonly ok: false;
  readonly text: string;
  /** Whether the engine's package is not installed. */
  readonly missing?: boolean;
}

/** One line of JSON ahead of a reply: the call waits for the user to unlock the keyring. */
export interface PromptNotice {
  readonly prompt: true;
}

export interface KeychainItem {
  readonly account: string;
  readonly value: string;
}
