import type { Format } from "./format.ts";
import { revealFor } from "./reveal.ts";

/**
 * A line for `docker run --env-file`, which takes all behind the `=` as it stands: quotes would become part of the value.
 * Blanks at the ends are refused, since Podman and Compose do not agree on them.
 * @see https://docs.docker.com/reference/cli/docker/container/run/#env
 */
export const docker: Format = {
  summary: "a line for docker run --env-file",
  render: ({ token, envName }) => `${envName}=${revealFor("an env file", token, ["a blank at its start or end"])}\n`,
};
