import {
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
} from "node:crypto";
import type { KeyObject } from "node:crypto";
import { parseHex, toHex } from "../protocol/hex.js";
import type { Hex } from "../protocol/hex.js";
import { LINK_SEAL_BYTES } from "../protocol/nodeLink.js";

const CIPHER = "aes-256-gcm";
const KEY_BYTES = 32;
const IV_BYTES = 12;

/** A key pair for one link: X25519. The public key is the nonce that the other side signs. */
export class LinkKey {
  readonly #privateKey: KeyObject;
  readonly nonce: Hex;

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync("x25519");
    this.#privateKey = privateKey;
    const { x } = publicKey.export({ format: "jwk" });
    if (x === undefined) throw new Error("this Node cannot export X25519 keys");
    this.nonce = toHex(Buffer.from(x, "base64url"));
  }

  /**
   * What both sides seal with, once each has shown by its operator's signature that the other's nonce is the one it got.
   * @throws Error where the other's nonce is no usable key.
   */
  agree(otherNonce: Hex, side: "dialer" | "acceptor"): LinkCipher {
    const x = Buffer.from(otherNonce.slice(2), "hex").toString("base64url");
    const publicKey = createPublicKey({ key: { kty: "OKP", crv: "X25519", x }, format: "jwk" });
    const secret = diffieHellman({ privateKey: this.#privateKey, publicKey });
    const nonces = side === "dialer" ? [this.nonce, otherNonce] : [otherNonce, this.nonce];
    const salt = Buffer.from(nonces.map((nonce) => parseHex(nonce, 32).slice(2)).join(""), "hex");
    const derive = (direction: string) =>
      Buffer.from(hkdfSync("sha256", secret, salt, `dtelecom-node-1 ${direction}`, KEY_BYTES));
    const [toAcceptor, toDialer] = [derive("dialer to acceptor"), derive("acceptor to dialer")];
    return side === "dialer" ? new LinkCipher(toAcceptor, toDialer) : new LinkCipher(toDialer, toAcceptor);
  }
}

/**
 * Seals and opens the messages of one link in their order: AES-256-GCM with a key for each direction and the count of
 * messages as the IV, so that none can be read, changed, repeated, left out or sent back.
 */
export class LinkCipher {
  readonly #sendKey: Buffer;
  readonly #receiveKey: Buffer;
  #sent = 0n;
  #received = 0n;

  constructor(sendKey: Buffer, receiveKey: Buffer) {
    this.#sendKey = sendKey;
    this.#receiveKey = receiveKey;
  }

  seal(text: string): Buffer {
    const cipher = createCipheriv(CIPHER, this.#sendKey, ivOf(this.#sent++));
    return Buffer.concat([cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
  }

  /** @throws Error where it is not the next message that the other side sealed. */
  open(sealed: Buffer): string {
    if (sealed.length < LINK_SEAL_BYTES) throw new Error("the message is too short to be sealed");
    const decipher = createDecipheriv(CIPHER, this.#receiveKey, ivOf(this.#received++));
    decipher.setAuthTag(sealed.subarray(-LINK_SEAL_BYTES));
    const opened = decipher.update(sealed.subarray(0, -LINK_SEAL_BYTES));
    return Buffer.concat([opened, decipher.final()]).toString("utf8");
  }
}

function ivOf(count: bigint): Buffer {
  const iv = Buffer.alloc(IV_BYTES);
  iv.writeBigUInt64BE(count, IV_BYTES - 8);
  return iv;
}
