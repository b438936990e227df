import { generateKeyPairSync, randomBytes, sign, type KeyObject } from "node:crypto";

export interface CertificateOptions {
  /** Host name or IPv4 address. */
  readonly host: string;
  /** Other names it is for. */
  readonly others?: readonly string[];
  /** Days until it expires; negative for an expired one. */
  readonly days?: number;
}

/** Creates a new self-signed certificate. None is checked in, because somebody might come to trust it. */
export function createCertificate({ host, others = [], days = 1 }: CertificateOptions): { key: string; cert: string } {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const body = der(0x30, tbs(publicKey, { hosts: [host, ...others], days }));
  const signature = der(0x03, Buffer.from([0]), sign("sha256", body, privateKey));
  const cert = der(0x30, body, ECDSA_SHA256, signature).toString("base64");
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${cert.replace(/.{1,64}/g, "$&\n")}-----END CERTIFICATE-----\n`,
  };
}

const ECDSA_SHA256 = der(0x30, oid("2a8648ce3d040302"));

/** Returns the part of a certificate that is signed. @see RFC 5280, section 4.1 */
function tbs(publicKey: KeyObject, { hosts, days }: { hosts: readonly string[]; days: number }): Buffer {
  const name = der(0x30, der(0x31, der(0x30, oid("550403"), der(0x0c, Buffer.from("mcp-keys test")))));
  const version = der(0xa0, der(0x02, Buffer.from([2])));
  const serial = der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)]));
  const validity = der(0x30, time(days - 30), time(days));
  const spki = publicKey.export({ type: "spki", format: "der" });
  return Buffer.concat([
    version,
    serial,
    ECDSA_SHA256,
    name,
    validity,
    name,
    spki,
    der(0xa3, der(0x30, altNames(hosts))),
  ]);
}

function altNames(hosts: readonly string[]): Buffer {
  const names = hosts.map((host) =>
    /^[\d.]+$/.test(host) ? der(0x87, Buffer.from(host.split(".").map(Number))) : der(0x82, Buffer.from(host)),
  );
  return der(0x30, oid("551d11"), der(0x04, der(0x30, ...names)));
}

function time(days: number): Buffer {
  const text = new Date(Date.now() + days * 86_400_000).toISOString();
  return der(0x18, Buffer.from(`${text.slice(0, 19).replace(/[-T:]/g, "")}Z`));
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, "hex"));
}

/** Encodes a value in DER: tag, length, value. */
function der(tag: number, ...parts: Buffer[]): Buffer {
  const value = Buffer.concat(parts);
  const { length } = value;
  const head =
    length < 128 ? [tag, length] : length < 256 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from(head), value]);
}
