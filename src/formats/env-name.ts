import { KeysError } from "../errors.ts";

const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const LIMIT = 128;

/**
 * Parses the name of an environment variable: `[A-Za-z_][A-Za-z0-9_]*`, at most 128 characters. Every shell and file format accepts
 * it without quotes.
 * @throws {@link KeysError} `USAGE`
 * @see POSIX.1-2024, Base Definitions 3.216 and 8.1
 */
export function parseEnvName(text: string): string {
  if (text.length > LIMIT || !ENV_NAME.test(text)) {
    throw new KeysError("USAGE", `${JSON.stringify(text.slice(0, LIMIT))} is not a valid variable name`, {
      hint: "use up to 128 letters, digits and _, not starting with a digit, for example MCP_API_KEY",
    });
  }
  return text;
}
