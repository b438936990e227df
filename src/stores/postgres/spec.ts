import { isLoopbackAddress, isLoopbackName } from "../../core/loopback.ts";
import { KeysError } from "../../errors.ts";
import type { StoreWorld } from "../store.ts";

/** Where a database is, and how to connect to it. Contains no password. */
export interface PostgresTarget {
  /** A host name, an IP address without brackets, or the folder of a unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly schema: string;
  /** False to poll only; `undefined` to listen where it works. */
  readonly listen: boolean | undefined;
  readonly sslMode: SslMode;
  /** Paths of PEM files. */
  readonly rootCertificate?: string;
  readonly certificate?: string;
  readonly key?: string;
}

export const DEFAULT_SCHEMA = "mcp_keys";

const SSL_MODES = ["disable", "require", "verify-ca", "verify-full"] as const;
export type SslMode = (typeof SSL_MODES)[number];

const OPTIONS = ["host", "port", "user", "schema", "listen", "sslmode", "sslrootcert", "sslcert", "sslkey"];
/** `//`, then user and password, host and port, database and options: each is optional. */
const LOCATION = /^\/\/(?:([^@/?#]*)@)?(\[[0-9A-Fa-f:.]*\]|[^:/?#,[\]]*)(?::(\d*))?(?:\/([^@/?#]*))?(?:\?([^@#]*))?$/;
const SHAPE = "postgres://<user>@<host>/<database>";

/**
 * Parses the location of a store in PostgreSQL: `//user@host:port/database?schema=mcp_keys`. As in other programs, percent-encoding is decoded,
 * `host` and `port` may be options, and what is missing comes from `PGHOST`, `PGPORT`, `PGUSER`, `PGDATABASE`, `PGSSLMODE` and `PGSSLROOTCERT`.
 * Without `sslmode`, everything but a loopback address and a unix socket needs TLS with a verified host name.
 * @throws {@link KeysError} `USAGE`; the message quotes nothing, because the location may contain a password
 */
export function parseTarget(location: string, env: StoreWorld["env"]): PostgresTarget {
  const [whole, login = "", hostText = "", portText = "", databaseText = "", query = ""] =
    LOCATION.exec(location) ?? [];
  if (whole === undefined) {
    // A password with unescaped characters does not fit the pattern either.
    if (/:.*@/s.test(location)) throw hasPassword();
    throw usage(`the store is not of the form ${SHAPE}`, `write it as ${SHAPE}?schema=${DEFAULT_SCHEMA}`);
  }
  if (login.includes(":")) throw hasPassword();
  const options = parseOptions(query);
  const option = (name: string): string => options.get(name) ?? "";
  const host = decode(hostText) || option("host") || env["PGHOST"] || "localhost";
  const user = decode(login) || option("user") || env["PGUSER"] || env["USER"] || "";
  if (user === "") throw usage("the store names no user of the database", `write it as ${SHAPE}, or set PGUSER`);
  const target = {
    host: host.replace(/^\[(.*)\]$/, "$1"),
    port: parsePort(portText || option("port") || env["PGPORT"] || "5432"),
    user,
    database: decode(databaseText) || env["PGDATABASE"] || user,
    schema: parseSchema(options.get("schema") ?? DEFAULT_SCHEMA),
    listen: parseListen(options.get("listen")),
    sslMode: parseSslMode(option("sslmode") || (isSocket(host) ? undefined : strictMode(env["PGSSLMODE"])), host),
  };
  for (const text of [target.host, target.user, target.database]) checkText(text);
  const rootCertificate = options.get("sslrootcert") ?? (env["PGSSLROOTCERT"] || undefined);
  const [certificate, key] = [options.get("sslcert"), options.get("sslkey")];
  return {
    ...target,
    ...(rootCertificate !== undefined && { rootCertificate }),
    ...(certificate !== undefined && { certificate }),
    ...(key !== undefined && { key }),
  };
}

/** Formats a target as the spec of the store, which {@link parseTarget} reads. */
export function formatTarget(target: PostgresTarget): string {
  const { host, port, user, database, schema, listen, sslMode } = target;
  const shownHost = isSocket(host) ? encodeURIComponent(host) : host.includes(":") ? `[${host}]` : host;
  const options = [
    ...(schema === DEFAULT_SCHEMA ? [] : [`schema=${schema}`]),
    ...(listen === undefined ? [] : [`listen=${listen ? "on" : "off"}`]),
    ...(sslMode === defaultSslMode(host) ? [] : [`sslmode=${sslMode}`]),
    ...(target.rootCertificate === undefined ? [] : [`sslrootcert=${encodeURIComponent(target.rootCertificate)}`]),
    ...(target.certificate === undefined ? [] : [`sslcert=${encodeURIComponent(target.certificate)}`]),
    ...(target.key === undefined ? [] : [`sslkey=${encodeURIComponent(target.key)}`]),
  ];
  const place = `${encodeURIComponent(user)}@${shownHost}:${port}/${encodeURIComponent(database)}`;
  return `postgres://${place}${options.length === 0 ? "" : `?${options.join("&")}`}`;
}

/** Checks the name of a schema. @throws {@link KeysError} `USAGE` */
export function parseSchema(name: string): string {
  // Short enough for the name of a channel, and needs no quotes.
  const isName = /^[a-z_][a-z0-9_]{0,39}$/.test(name) && !name.startsWith("pg_");
  // Its tables have names that others use, too.
  if (isName && name !== "public" && name !== "information_schema") return name;
  throw usage("the store cannot use this schema", "name one of its own, with a-z, 0-9 and _, such as schema=mcp_keys");
}

/** Returns whether a host is the folder of a unix socket. */
export function isSocket(host: string): boolean {
  return host.startsWith("/");
}

function parseOptions(query: string): Map<string, string> {
  const options = new Map<string, string>();
  for (const pair of query === "" ? [] : query.split("&")) {
    const [name = "", value = ""] = pair.split(/=(.*)/s);
    if (name.startsWith("password") || name === "sslpassword") throw hasPassword();
    if (!OPTIONS.includes(name)) {
      throw usage("the store has an unknown option", `use these after the ?: ${OPTIONS.join(", ")}`);
    }
    options.set(name, decode(value));
  }
  return options;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw usage("the store has an invalid percent-encoding", "write a percent sign as %25");
  }
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw usage("the port of the database is not a number from 1 to 65535", `write it as ${SHAPE}`);
}

function parseListen(text: string | undefined): boolean | undefined {
  if (text === undefined || text === "on" || text === "off") return text && text === "on";
  throw usage("the option listen is neither on nor off", "leave it out: it is detected where listening works");
}

function parseSslMode(text: string | undefined, host: string): SslMode {
  if (text === undefined) return defaultSslMode(host);
  const mode = SSL_MODES.find((each) => each === text);
  if (mode !== undefined) return mode;
  throw usage(
    "the value of sslmode is not supported",
    `use one of ${SSL_MODES.join(", ")}; the others may fall back to plain text`,
  );
}

/** Leaves out what falls back to plain text: it is the setting of other programs, and their default. */
function strictMode(text: string | undefined): string | undefined {
  return text === "" || text === "allow" || text === "prefer" ? undefined : text;
}

function defaultSslMode(host: string): SslMode {
  return isSocket(host) || isLoopbackName(host) || isLoopbackAddress(host) ? "disable" : "verify-full";
}

function checkText(text: string): void {
  if (/[\0-\x1f\x7f]/.test(text)) throw usage("the store contains a control character", `write it as ${SHAPE}`);
}

function hasPassword(): KeysError {
  return usage(
    "the store contains a password, which every user of this machine can see",
    "remove it, and set PGPASSWORD, or MCP_KEYS_PG_PASSWORD_FILE to the path of a file with the password",
  );
}

function usage(message: string, hint: string): KeysError {
  return new KeysError("USAGE", message, { hint });
}
