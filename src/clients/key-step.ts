import { placeholder, type ClientFormat } from "./client.ts";

/** Returns how the user gives the key to a client. Lower case, no full stop. */
export function keyStep({ title, key, keyStep: own }: ClientFormat, envName: string): string {
  if (own !== undefined) return own(envName);
  if (key === "prompt") return `${title} asks for the key when it first starts the server, and keeps it encrypted`;
  if (key === "variable") return `set ${envName} in the environment that starts ${title}`;
  return `replace ${placeholder(envName)} in the file with your key; ${title} cannot read it from a variable`;
}
