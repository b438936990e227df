import type { Format } from "./format.ts";
import { revealFor } from "./reveal.ts";

/**
 * A line for `docker run --env-file`, which uses everything after the `=` unchanged: quotes would become part of the value.
 * Leading and trailing spaces are refused, because Podman and Compose treat them differently.
 * @see https://docs.docker.com/reference/cli/docker/container/run/#env
 */
export const docker: Format = {
  summary: "a line for docker run --env-file",
  render: ({ token, envName }) => `${envName}=${revealFor("an env file", token, ["a space at its start or end"])}\n`,
};
