import type { Format } from "./format.ts";
import { revealFor } from "./reveal.ts";

/** What has a meaning between double quotes; `$` has none here, unlike in a shell. */
const SPECIAL = /["\\]/gu;

/**
 * An `EnvironmentFile=`. A comment says that a credential is better: environments are passed down to every child process.
 * @see systemd.exec(5), EnvironmentFile= and LoadCredential=
 */
export const systemd: Format = {
  summary: "a file for EnvironmentFile= of a systemd unit",
  render: ({ token, envName }) =>
    "# EnvironmentFile= of a unit. LoadCredential= with the token alone keeps it out of the environment.\n" +
    `${envName}="${revealFor("systemd", token).replaceAll(SPECIAL, String.raw`\$&`)}"\n`,
};
