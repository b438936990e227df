import type { Format } from "./format.ts";
import { revealFor } from "./reveal.ts";

/** A JSON object with the variable as its only member. */
export const json: Format = {
  summary: 'JSON: {"MCP_API_KEY":"…"}',
  render: ({ token, envName }) => `${JSON.stringify({ [envName]: revealFor("JSON", token) })}\n`,
};
