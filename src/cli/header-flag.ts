import { Option } from "commander";
import { parseKeyHeader } from "../probe/mcp/key-header.ts";

const DEFAULT = "Authorization: Bearer";

/** Creates `--header` of the commands that send a token to a server. */
export function headerFlag(): Option {
  return new Option(
    "--header <header>",
    `header for the token, such as X-API-Key, or 'X-Proxy-Auth: Bearer' with a scheme (default: ${DEFAULT})`,
  )
    .default(undefined, DEFAULT)
    .argParser(parseKeyHeader);
}
