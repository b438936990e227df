import { containsToken, findToken, isForeign, maskTokens } from "../core/find-token.ts";
import { estimateBits } from "../core/opaque.ts";
import { KeysError } from "../errors.ts";
import type { Prompts } from "./terminal/prompts.ts";

/** Below this, a word is a name rather than a secret in a format that we do not know. */
const SECRET_BITS = 100;

/**
 * Refuses a token in the arguments or in `MCP_KEYS_STORE`, before anything reads, repeats or stores it.
 * @throws {@link KeysError} `TOKEN_MISPLACED`
 */
export function refuseTokens(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): void {
  const at = argv.findIndex((word) => findToken(word) !== undefined);
  if (at >= 0) {
    const key = findToken(argv[at] ?? "") ?? "<key>";
    throw new KeysError("TOKEN_MISPLACED", `${placeOf(argv, at)} contains a token`, {
      hint:
        "it is now in the shell's history and was in the process list; " +
        `replace it with: mcp-keys rotate ${key}; then pipe the new one in or set MCP_API_KEY`,
    });
  }
  if (findToken(env["MCP_KEYS_STORE"] ?? "") !== undefined) {
    throw new KeysError("TOKEN_MISPLACED", "MCP_KEYS_STORE contains a token", {
      hint: "set it to a store, such as file:/srv/keys.jsonl, and put the token in MCP_API_KEY",
    });
  }
}

/** Names the flag that an argument belongs to, if that is one. */
function placeOf(argv: readonly string[], at: number): string {
  const flag = [argv[at] ?? "", argv[at - 1] ?? ""].find((word) => /^--[a-z]/.test(word))?.replace(/=.*/, "") ?? "";
  return /^--[a-z-]{1,24}$/.test(flag) ? flag : "an argument";
}

/** Makes each prompt for a text refuse a token, and ask again. */
export function refuseTokensIn(prompts: Prompts): Prompts {
  return {
    ...prompts,
    text: (question) =>
      prompts.text({
        ...question,
        check: (answer) =>
          containsToken(answer)
            ? "that contains a token, which does not belong here"
            : (question.check?.(answer) ?? true),
      }),
  };
}

/** Removes tokens and arguments that look like secrets from a message. */
export function maskSecrets(text: string, argv: readonly string[]): string {
  const words = argv.flatMap((word) => [word, word.slice(word.indexOf("=") + 1)]);
  return words.filter(isSecretLike).reduce((masked, word) => masked.replaceAll(word, "[secret]"), maskTokens(text));
}

/** Tells a random word from a name or a path. */
function isSecretLike(word: string): boolean {
  if (isForeign(word)) return true;
  const isPath = word.includes("/") && !/\+|=$/.test(word);
  return !isPath && /^[\w+/-]{20,}=*$/.test(word) && estimateBits(word) >= SECRET_BITS;
}
