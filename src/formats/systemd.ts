import type { Format } from "./format.ts";
import { revealFor } from "./reveal.ts";

/** The special characters in double quotes. Unlike in a shell, `$` is not special. */
const SPECIAL = /["\\]/gu;

/**
 * A file for `EnvironmentFile=`. Its comment recommends `LoadCredential=`, because every child process inherits the environment.
 * @see systemd.exec(5), EnvironmentFile= and LoadCredential=
 */
export const systemd: Format = {
  summary: "a file for EnvironmentFile= of a systemd unit",
  render: ({ token, envName }) =>
    "# For EnvironmentFile= of a unit. LoadCredential= keeps the token out of the environment.\n" +
    `${envName}="${revealFor("systemd", token).replaceAll(SPECIAL, String.raw`\$&`)}"\n`,
};
