import type { Format } from "./format.ts";
import { revealFor } from "./reveal.ts";

/** The token and a newline. */
export const token: Format = {
  summary: "the token alone",
  render: (connection) => `${revealFor("a line", connection.token)}\n`,
};
