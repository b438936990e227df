import { digestToken } from "../core/digest.ts";
import { maskTokens } from "../core/find-token.ts";
import type { KeyId } from "../core/key.ts";
import type { Secret } from "../core/secret.ts";
import type { TokenMatch } from "./token-finder.ts";

/** Where a token was found. */
export interface TokenPlace {
  /** Printable and without tokens; `null` for the message of a commit or tag. */
  readonly path: string | null;
  /** From 1; 0 for the path itself. */
  readonly line: number;
  /** The oldest commit with this version of the file, or the id of the object if no commit has it. */
  readonly commit?: string;
}

/** A token, and all its places. */
export interface FoundInScan {
  readonly token: Secret;
  readonly prefix: string;
  readonly id: KeyId;
  readonly places: readonly TokenPlace[];
  /** Places that are not listed. */
  readonly more: number;
}

/** Places per token. Further ones are only counted. */
const PLACES = 200;

/** Collects tokens by their digest. In history, one place stands for all versions of a file: the oldest. */
export class Findings {
  readonly #tokens = new Map<string, FoundInScan & { places: TokenPlace[]; more: number }>();

  add({ token, prefix, id }: TokenMatch, place: TokenPlace): void {
    const digest = digestToken(token.reveal());
    const known = this.#tokens.get(digest) ?? { token, prefix, id, places: [], more: 0 };
    this.#tokens.set(digest, known);
    if (known.places.length < PLACES) known.places.push(place);
    else known.more++;
  }

  all(): readonly FoundInScan[] {
    return [...this.#tokens.values()];
  }
}

/** Returns a path that is safe to print: no token, no control characters, and no other character that shows as nothing. */
export function printablePath(path: Buffer): string {
  const escape = (char: string) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`;
  return maskTokens(path.toString()).replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, escape);
}
