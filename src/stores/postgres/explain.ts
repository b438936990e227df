import { KeysError } from "../../errors.ts";
import { codeOf, isRejected, isTimeout } from "./fault.ts";

const GRANTS =
  "as an administrator, grant it mcp_keys_admin, or mcp_keys_verifier to check keys: mcp-keys store schema";
const ADMIN = "use a user with the role mcp_keys_admin, which this creates: mcp-keys store schema";
const RETRY = "check whether PostgreSQL runs and can be reached, and run the command again";

/** SQLSTATE → what is wrong and how to fix it. */
const STATES: Readonly<Record<string, readonly [message: string, hint: string]>> = {
  "28000": ["rejected the login", "check the user in the store and pg_hba.conf of the database"],
  "28P01": [
    "rejected the login",
    "check the user in the store, and the password in PGPASSWORD, MCP_KEYS_PG_PASSWORD_FILE or ~/.pgpass",
  ],
  "3D000": ["does not exist", "check its name, or create it with: createdb <database>"],
  "42501": ["does not let this user read the store", GRANTS],
  "53100": ["has no disk space left", "free disk space on the database server"],
  "53300": ["has too many connections", "raise max_connections, or put PgBouncer in front"],
  "55P03": ["is busy: another writer holds the store", "run the command again"],
  "57014": [
    "took too long and cancelled the statement",
    "run the command again; if it happens again, raise statement_timeout of its user",
  ],
};

/** Code of a system error → how to fix it. */
const UNREACHED: Readonly<Record<string, string>> = {
  ECONNREFUSED: "check the host and the port in the store, and whether PostgreSQL runs there",
  ENOTFOUND: "check the name of the host in the store",
};

/** Codes of OpenSSL and of Node for a certificate that does not fit. */
const TLS = /^(CERT_|DEPTH_ZERO|ERR_TLS|ERR_SSL|SELF_SIGNED|UNABLE_TO)/;

/**
 * Converts an error of `pg` to a {@link KeysError}. Its own message is not quoted, because it may contain values of a statement.
 * @param place - names the database, without a password
 */
export function explain(fault: unknown, place: string): KeysError {
  if (fault instanceof KeysError) return fault;
  const code = codeOf(fault);
  if (code === "25006") {
    return new KeysError("STORE_READ_ONLY", `${place} is read-only: it is a standby, or its role is`, {
      hint: "select the primary server: --store postgres://<user>@<host>/<database>",
      cause: fault,
    });
  }
  const [message, hint] = STATES[code] ?? describe(fault, code);
  return new KeysError("STORE_UNAVAILABLE", `${place} ${message}`, { hint, cause: fault });
}

/** Converts an error of a write. */
export function explainWrite(fault: unknown, place: string): KeysError {
  if (codeOf(fault) !== "42501") return explain(fault, place);
  const message = `${place} does not let this user write the store`;
  return new KeysError("STORE_READ_ONLY", message, { hint: ADMIN, cause: fault });
}

/** Converts an error of a list of servers, which a server itself may not read. */
export function explainFollowers(fault: unknown, place: string): KeysError {
  if (codeOf(fault) !== "42501") return explain(fault, place);
  const message = `${place} does not let this user list the servers`;
  return new KeysError("STORE_UNAVAILABLE", message, { hint: ADMIN, cause: fault });
}

function describe(fault: unknown, code: string): readonly [message: string, hint: string] {
  if (TLS.test(code)) {
    return [
      "has a certificate that is not trusted or has another name",
      "pass the certificate of its authority with ?sslrootcert=<path>, and the host name that the certificate has",
    ];
  }
  if (fault instanceof Error && fault.message.includes("does not support SSL")) {
    return [
      "does not offer TLS",
      "turn on TLS in PostgreSQL, or add ?sslmode=disable on a network that only you control",
    ];
  }
  if (fault instanceof Error && fault.message.includes("after calling end on the pool")) {
    return ["cannot be read: the pool has ended", "close the store before the pool"];
  }
  if (fault instanceof Error && /password|SASL|SCRAM/.test(fault.message)) {
    return STATES["28P01"] ?? ["rejected the login", RETRY];
  }
  if (isRejected(fault) || /^[0-9A-Z]{5}$/.test(code)) return [`failed with SQLSTATE ${code}`, RETRY];
  if (isTimeout(fault)) return ["does not answer", RETRY];
  if (code === "") return ["ended the connection", RETRY];
  return [`cannot be reached: ${code}`, UNREACHED[code] ?? RETRY];
}
