import { createCipheriv, randomBytes } from "node:crypto";

const KEY_BYTES = 16;
/** A key authenticates one file, so the nonce need not differ. */
const NONCE = Buffer.alloc(12);

/**
 * Authenticates the bytes of a file with AES-128-GMAC under a random key: GCM over additional data only. Takes a fifth of the time of a
 * SHA-256, and most of what a command does with a large journal is this.
 */
export class FileMac {
  /** In hex. */
  readonly key: string;
  readonly #cipher;

  constructor(key = randomBytes(KEY_BYTES).toString("hex")) {
    this.key = key;
    this.#cipher = createCipheriv("aes-128-gcm", Buffer.from(key, "hex"), NONCE);
  }

  update(bytes: Buffer): void {
    this.#cipher.setAAD(bytes);
  }

  /** Returns the tag in hex. Call it once, after the last {@link update}. */
  digest(): string {
    this.#cipher.final();
    return this.#cipher.getAuthTag().toString("hex");
  }
}
