import { readFile } from "node:fs/promises";
import type { ConnectionOptions } from "node:tls";
import { KeysError } from "../../errors.ts";
import type { PostgresTarget } from "./spec.ts";

/**
 * Returns the options of TLS for a target, or `false` without TLS. `sslrootcert=system` stands for the certificates of Node, as does
 * leaving it out.
 * @throws {@link KeysError} `STORE_UNAVAILABLE` if a file cannot be read
 */
export async function tlsOptions(target: PostgresTarget): Promise<ConnectionOptions | false> {
  const { sslMode, host, rootCertificate, certificate, key } = target;
  if (sslMode === "disable") return false;
  // As in libpq, `require` checks the certificate if it is told the root.
  const isChecked = sslMode !== "require" || rootCertificate !== undefined;
  return {
    // Versions of `pg` before 8.23 compare the certificate of an IP address with the name localhost otherwise.
    host,
    rejectUnauthorized: isChecked,
    ...(sslMode !== "verify-full" && { checkServerIdentity: () => undefined }),
    ...(rootCertificate !== undefined &&
      rootCertificate !== "system" && { ca: await read("sslrootcert", rootCertificate) }),
    ...(certificate !== undefined && { cert: await read("sslcert", certificate) }),
    ...(key !== undefined && { key: await read("sslkey", key) }),
  };
}

async function read(option: string, path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new KeysError("STORE_UNAVAILABLE", `the file of ${option} cannot be read`, {
      hint: `set ${option} to the path of a readable PEM file`,
      cause,
    });
  }
}
