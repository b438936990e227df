import { Secret } from "../../core/secret.ts";
import { KeysError } from "../../errors.ts";
import type { KeyHeader } from "./key-header.ts";

/** A key and the header that carries it. */
export interface CarriedKey {
  readonly header: KeyHeader;
  readonly key: Secret;
}

/** Schemes that some users copy with their key. */
const SCHEME = /^(Token|ApiKey|Api-Key|Key|Basic) (?=\S)/i;

/**
 * Checks that a header can carry a key. A space is part of the key only in a header without a scheme, such as `X-API-Key` or
 * `Authorization:`. A known scheme in front of it moves into the header, because wrong keys need it too.
 * @param name - Names the key in errors, which never quote it.
 * @throws {@link KeysError} `TOKEN_UNUSABLE`
 */
export function carryKey(header: KeyHeader, key: Secret, name = "the token"): CarriedKey {
  const text = key.reveal();
  if (!/^[\x21-\x7e]+(?: +[\x21-\x7e]+)*$/.test(text)) {
    throw new KeysError("TOKEN_UNUSABLE", `${name} contains a character that an HTTP header cannot carry`);
  }
  if (!text.includes(" ")) return { header, key };
  if (/^bearer /i.test(text)) {
    throw new KeysError("TOKEN_UNUSABLE", `${name} starts with Bearer, which belongs to the header`, {
      hint: "remove the word; without --header, it is added when the token is sent",
    });
  }
  if (header.scheme !== null) {
    throw new KeysError("TOKEN_UNUSABLE", `${name} contains a space`, {
      hint: "if its first word is a scheme, remove it and name it instead: --header 'Authorization: Token'; if the space is part of the token, send it without a scheme: --header 'Authorization:'",
    });
  }
  const scheme = SCHEME.exec(text)?.[1];
  if (scheme === undefined) return { header, key };
  return { header: { ...header, scheme }, key: new Secret(text.slice(scheme.length + 1).trimStart()) };
}
